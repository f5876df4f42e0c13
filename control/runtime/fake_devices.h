// Devices of a site in memory, for tests of the cycle and its thread.
#ifndef ABCDS_CONTROL_RUNTIME_FAKE_DEVICES_H_
#define ABCDS_CONTROL_RUNTIME_FAKE_DEVICES_H_

#include <array>
#include <atomic>
#include <functional>

#include "control/core/settings.h"
#include "control/runtime/cycle.h"
#include "hal/api/battery_monitor.h"
#include "hal/api/grid_meter.h"
#include "hal/api/power_converter.h"

namespace abcds {

class FakeMeter final : public GridMeter {
 public:
  void Start() override {}
  void Stop() override {}
  [[nodiscard]] DeviceDetails Details() const override { return {}; }
  [[nodiscard]] MeterState Latest() noexcept override { return state; }

  MeterState state;
};

class FakeBattery final : public BatteryMonitor {
 public:
  void Start() override {}
  void Stop() override {}
  [[nodiscard]] DeviceDetails Details() const override { return {}; }
  [[nodiscard]] BatteryState Latest() noexcept override { return state; }

  BatteryState state;
};

// Remembers the newest commands; `state` may be changed while no cycle runs.
class FakeConverter final : public PowerConverter {
 public:
  void Start() override {}
  void Stop() override {}
  [[nodiscard]] DeviceDetails Details() const override { return {}; }
  [[nodiscard]] ThreadProgress progress() const noexcept override { return {}; }
  [[nodiscard]] ConverterState Latest() noexcept override {
    if (on_latest) on_latest(commands.load(std::memory_order_relaxed));
    return state;
  }
  void Command(const ConverterCommand& command) noexcept override {
    last = command;
    commands.fetch_add(1, std::memory_order_release);
    commands.notify_all();
  }
  // Blocks until the cycle has commanded this often.
  void WaitForCommands(uint64_t count) const {
    for (uint64_t have = commands.load(std::memory_order_acquire); have < count;
         have = commands.load(std::memory_order_acquire)) {
      commands.wait(have, std::memory_order_acquire);
    }
  }

  ConverterState state;
  ConverterCommand last;
  std::atomic<uint64_t> commands{0};
  std::function<void(uint64_t)> on_latest;  // in the cycle; set before it starts
};

// An inverter of 600 W, a BMS, and a house that draws `load`.
struct FakeSite {
  FakeSite() {
    settings.battery.cells = 8;
    settings.converter_count = 1;
    settings.converters[0].discharges = true;
    settings.converters[0].max_discharge = Watts(600);
    converter.state.max_discharge = Watts(600);
    converter.state.lifecycle = Lifecycle::kActive;
    devices.meter = &meter;
    devices.battery = &battery;
    devices.converters[0] = &converter;
  }
  // Fresh values from everybody; the inverter does what it was told. Not while a thread runs the cycle.
  void Refresh(MonotonicTime now) {
    meter.state = {{load + converter.last.power, now, true}, meter.state.sequence + 1, Lifecycle::kActive};
    battery.state.voltage = {Volts(26.4), now, true};
    battery.state.cell_lowest = battery.state.cell_highest = {Volts(3.30), now, true};
    battery.state.lifecycle = Lifecycle::kActive;
    converter.state.power = {converter.last.power, now, true};
  }

  Watts load{300};
  CoreSettings settings;
  FakeMeter meter;
  FakeBattery battery;
  FakeConverter converter;
  CycleDevices devices;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_RUNTIME_FAKE_DEVICES_H_
