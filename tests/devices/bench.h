// A desk and simulated lines with devices on them.
#ifndef ABCDS_TESTS_DEVICES_BENCH_H_
#define ABCDS_TESTS_DEVICES_BENCH_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "hal/rt/clock.h"
#include "hal/sim/wire/bench_inverter.h"
#include "hal/sim/wire/jk_bms.h"
#include "hal/sim/wire/lumentree.h"
#include "hal/sim/wire/modbus_line.h"
#include "hal/sim/wire/trucki.h"
#include "server/devices/access/desk.h"

namespace abcds {

inline bool Never() { return false; }

// Runs at full power by itself, as after its AC has returned.
inline sim::ConverterOptions BenchOptions() {
  sim::ConverterOptions options;
  options.lowest = Watts(-600);
  options.dead_time = std::chrono::milliseconds(100);
  options.start_delay = std::chrono::milliseconds(100);
  options.ramp_up = WattsPerSecond(2000);
  options.ramp_down = WattsPerSecond(4000);
  options.readback_refresh = std::chrono::milliseconds(100);
  return options;
}

class DeviceBench : public testing::Test {
 protected:
  ~DeviceBench() override {
    if (modbus_ != nullptr) modbus_->Stop();
    if (jk_ != nullptr) jk_->Stop();
  }

  std::string Path(const std::string& name) const {
    return testing::TempDir() + "/" + name + "-" + std::to_string(getpid());
  }

  // A line with the given units.
  sim::ModbusLine& Modbus(const std::vector<std::pair<uint8_t, sim::ModbusUnit*>>& units) {
    auto line = sim::ModbusLine::Open({.link = Path("modbus")});
    EXPECT_TRUE(line.ok()) << line.status();
    modbus_ = *std::move(line);
    for (const auto& [address, unit] : units) modbus_->Attach(address, *unit);
    modbus_->Start();
    return *modbus_;
  }

  sim::JkBmsLine& Jk() {
    auto line = sim::JkBmsLine::Open(Path("jk"), [] {
      sim::JkReadings readings;
      readings.cell_mv.assign(8, 3312);
      readings.voltage_v = 26.5;
      readings.soc_percent = 63;
      return readings;
    });
    EXPECT_TRUE(line.ok()) << line.status();
    jk_ = *std::move(line);
    jk_->Start();
    return *jk_;
  }

  static v1::DeviceTarget At(const std::string& type, const std::string& port, uint32_t address = 0) {
    v1::DeviceTarget target;
    target.mutable_location()->set_type(type);
    target.mutable_location()->set_port(port);
    target.mutable_location()->set_address(address);
    return target;
  }

  // Every request on the Modbus line so far was a read.
  void ExpectOnlyReads() const {
    for (const sim::WireExchange& exchange : modbus_->Exchanges()) EXPECT_EQ(exchange.request[1], 3);
  }

  sim::BenchInverter bench_{BenchOptions()};
  sim::LumentreeInverter lumentree_{bench_.Plant(), 600};
  sim::TruckiBoard trucki_{bench_.Plant(), {}};
  std::unique_ptr<sim::ModbusLine> modbus_;
  std::unique_ptr<sim::JkBmsLine> jk_;
  DeviceDesk desk_;
};

}  // namespace abcds

#endif  // ABCDS_TESTS_DEVICES_BENCH_H_
