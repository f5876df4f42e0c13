// What every BatteryMonitor must do, real or simulated: one suite, instantiated beside each driver.
//
//   INSTANTIATE_TEST_SUITE_P(Acme, BatteryContractTest, testing::Values(&MakeAcmeBatteryRig));
//
// and link //hal/rt:allocation_trap, which makes an allocation on the real-time side fatal.
#ifndef ABCDS_HAL_API_BATTERY_CONTRACT_H_
#define ABCDS_HAL_API_BATTERY_CONTRACT_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "hal/api/battery_monitor.h"
#include "hal/rt/clock.h"
#include "hal/rt/realtime_scope.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds {

// A battery monitor under test with the device at its other end. Made with the device running and the monitor not
// started.
class BatteryRig {
 public:
  virtual ~BatteryRig() = default;
  virtual BatteryMonitor& battery() = 0;

  // Lets a current of the sign of `direction` flow from now on, + charges; any size from 1 A.
  virtual void SetCurrent(int direction) = 0;
  virtual int cells() = 0;
  // The device falls silent, and comes back. It must be possible.
  virtual void SetSilent(bool silent) = 0;
};

using BatteryRigFactory = std::unique_ptr<BatteryRig> (*)();

class BatteryContractTest : public testing::TestWithParam<BatteryRigFactory> {
 protected:
  static constexpr Nanoseconds kPatience = std::chrono::seconds(15);

  void SetUp() override { rig_ = GetParam()(); }
  void TearDown() override {
    if (rig_ != nullptr) rig_->battery().Stop();
  }

  BatteryMonitor& battery() { return rig_->battery(); }

  // Looks every millisecond until it holds; false when it does not in time.
  static bool Eventually(const std::function<bool()>& holds, Nanoseconds patience = kPatience) {
    const MonotonicTime deadline = MonotonicNow() + patience;
    while (!holds()) {
      if (MonotonicNow() >= deadline) return false;
      SleepUntil(MonotonicNow() + std::chrono::milliseconds(1));
    }
    return true;
  }

  bool BecomesActive() {
    return Eventually([this] { return battery().Latest().lifecycle == Lifecycle::kActive; });
  }

  std::unique_ptr<BatteryRig> rig_;
};

TEST_P(BatteryContractTest, KnowsNothingAndForbidsNothingBeforeStart) {
  const BatteryState state = battery().Latest();
  EXPECT_EQ(state.lifecycle, Lifecycle::kConnecting);
  EXPECT_FALSE(state.voltage.valid);
  EXPECT_TRUE(state.charge_allowed);
  EXPECT_TRUE(state.discharge_allowed);
  battery().Stop();  // never started: nothing to do, and no error
}

TEST_P(BatteryContractTest, ReportsInUnprefixedUnits) {
  battery().Start();
  ASSERT_TRUE(BecomesActive());
  const BatteryState state = battery().Latest();
  ASSERT_TRUE(state.voltage.UsableAt(MonotonicNow(), kPatience));
  EXPECT_GE(state.voltage.value, Volts(2.0 * rig_->cells()));
  EXPECT_LE(state.voltage.value, Volts(3.8 * rig_->cells()));
  if (state.soc.valid) {
    EXPECT_GE(state.soc.value, Ratio(0));
    EXPECT_LE(state.soc.value, Ratio(1));
  }
  if (state.cell_lowest.valid) {
    EXPECT_LE(state.cell_lowest.value, state.cell_highest.value);
    EXPECT_LE(state.cell_lowest.value * rig_->cells(), state.voltage.value + Volts(0.05));
    EXPECT_GE(state.cell_highest.value * rig_->cells(), state.voltage.value - Volts(0.05));
  }
  if (state.temperature_lowest.valid) {
    EXPECT_LE(state.temperature_lowest.value, state.temperature_highest.value);
    EXPECT_GE(state.temperature_lowest.value, Celsius(-40));
    EXPECT_LE(state.temperature_highest.value, Celsius(90));
  }
}

TEST_P(BatteryContractTest, ChargingIsPlusAndDischargingMinus) {
  battery().Start();
  ASSERT_TRUE(BecomesActive());
  rig_->SetCurrent(+1);
  EXPECT_TRUE(Eventually([&] { return battery().Latest().current.value >= Amperes(0.9); }));
  rig_->SetCurrent(-1);
  EXPECT_TRUE(Eventually([&] { return battery().Latest().current.value <= Amperes(-0.9); }));
}

TEST_P(BatteryContractTest, SilenceAgesTheValuesEndsActiveAndForbidsNothing) {
  battery().Start();
  ASSERT_TRUE(BecomesActive());
  rig_->SetSilent(true);
  ASSERT_TRUE(Eventually([&] { return battery().Latest().lifecycle != Lifecycle::kActive; }));
  const BatteryState state = battery().Latest();
  EXPECT_FALSE(Eventually([&] { return battery().Latest().voltage.taken_at != state.voltage.taken_at; },
                          std::chrono::seconds(1)));
  EXPECT_TRUE(state.charge_allowed) << "silence is judged by age, not by permissions";
  EXPECT_TRUE(state.discharge_allowed);
  rig_->SetSilent(false);
  EXPECT_TRUE(BecomesActive());
  EXPECT_GT(battery().Latest().voltage.taken_at, state.voltage.taken_at);
}

TEST_P(BatteryContractTest, StopEndsItSoonAndMayBeCalledAgain) {
  battery().Start();
  ASSERT_TRUE(BecomesActive());
  const MonotonicTime stopped_at = MonotonicNow();
  battery().Stop();
  battery().Stop();
  EXPECT_LE(MonotonicNow() - stopped_at, std::chrono::seconds(2));
}

TEST_P(BatteryContractTest, RealTimeSideTouchesNoHeap) {
  battery().Start();
  ASSERT_TRUE(BecomesActive());
  const RealtimeScope scope;
  for (int i = 0; i < 1000; ++i) {
    if (!battery().Latest().voltage.valid) FAIL();
  }
}

TEST_P(BatteryContractTest, DetailsNameTheDevice) {
  battery().Start();
  ASSERT_TRUE(BecomesActive());
  const DeviceDetails details = battery().Details();
  EXPECT_FALSE(details.identity.empty());
  EXPECT_EQ(details.trouble, "");
}

}  // namespace abcds

#endif  // ABCDS_HAL_API_BATTERY_CONTRACT_H_
