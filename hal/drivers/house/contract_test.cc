// All four devices of the embedded house keep the contracts of their kind.
#include <memory>
#include <mutex>
#include <vector>

#include "gtest/gtest.h"
#include "hal/api/battery_contract.h"
#include "hal/api/converter_contract.h"
#include "hal/api/meter_contract.h"
#include "hal/drivers/house/embedded_house.h"

namespace abcds {
namespace {

EmbeddedHouseOptions SteadyHouse() {
  EmbeddedHouseOptions options;
  options.steady_load = Watts(0);
  options.meter_interval = std::chrono::milliseconds(200);
  return options;
}

class HouseConverterRig final : public ConverterRig {
 public:
  explicit HouseConverterRig(HouseWire wire) : wire_(wire), house_(Options()) {}
  PowerConverter& converter() override { return Charges() ? house_.charger() : house_.discharger(); }
  std::vector<Watts> Setpoints() override {
    const std::lock_guard lock(mutex_);
    return setpoints_;
  }
  Watts Output() override { return Charges() ? house_.truth().charger : house_.truth().discharger; }
  Watts max_charge() override { return Charges() ? SteadyHouse().charge_max : Watts(0); }
  Watts max_discharge() override { return Charges() ? Watts(0) : SteadyHouse().discharge_max; }
  bool SetSilent(bool silent) override {
    house_.Cut(wire_, silent);
    return true;
  }

 private:
  [[nodiscard]] bool Charges() const { return wire_ == HouseWire::kCharger; }
  EmbeddedHouseOptions Options() {
    EmbeddedHouseOptions options = SteadyHouse();
    options.on_setpoint = [this](HouseWire wire, Watts setpoint) {
      const std::lock_guard lock(mutex_);
      if (wire == wire_) setpoints_.push_back(setpoint);
    };
    return options;
  }

  const HouseWire wire_;
  std::mutex mutex_;
  std::vector<Watts> setpoints_;
  EmbeddedHouse house_;
};

std::unique_ptr<ConverterRig> MakeChargerRig() { return std::make_unique<HouseConverterRig>(HouseWire::kCharger); }
std::unique_ptr<ConverterRig> MakeDischargerRig() {
  return std::make_unique<HouseConverterRig>(HouseWire::kDischarger);
}

INSTANTIATE_TEST_SUITE_P(HouseCharger, ConverterContractTest, testing::Values(&MakeChargerRig));
INSTANTIATE_TEST_SUITE_P(HouseDischarger, ConverterContractTest, testing::Values(&MakeDischargerRig));

class HouseMeterRig final : public MeterRig {
 public:
  GridMeter& meter() override { return house_.meter(); }
  void SetGridPower(Watts power) override { house_.SetSteadyLoad(power); }
  Nanoseconds interval() override { return SteadyHouse().meter_interval; }
  void SetSilent(bool silent) override { house_.Cut(HouseWire::kMeter, silent); }

 private:
  EmbeddedHouse house_{SteadyHouse()};
};

std::unique_ptr<MeterRig> MakeMeterRig() { return std::make_unique<HouseMeterRig>(); }

INSTANTIATE_TEST_SUITE_P(HouseMeter, MeterContractTest, testing::Values(&MakeMeterRig));

class HouseBatteryRig final : public BatteryRig {
 public:
  HouseBatteryRig() {
    house_.charger().Start();
    house_.discharger().Start();
  }
  BatteryMonitor& battery() override { return house_.battery(); }
  void SetCurrent(int direction) override {
    const MonotonicTime expires_at = MonotonicNow() + std::chrono::seconds(30);
    house_.charger().Command({.power = Watts(direction > 0 ? 300 : 0), .expires_at = expires_at});
    house_.discharger().Command({.power = Watts(direction < 0 ? -300 : 0), .expires_at = expires_at});
  }
  int cells() override { return SteadyHouse().cells; }
  void SetSilent(bool silent) override { house_.Cut(HouseWire::kBattery, silent); }

 private:
  EmbeddedHouse house_{SteadyHouse()};
};

std::unique_ptr<BatteryRig> MakeBatteryRig() { return std::make_unique<HouseBatteryRig>(); }

INSTANTIATE_TEST_SUITE_P(HouseBattery, BatteryContractTest, testing::Values(&MakeBatteryRig));

}  // namespace
}  // namespace abcds
