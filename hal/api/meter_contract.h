// What every GridMeter must do, real or simulated: one suite, instantiated beside each driver.
//
//   INSTANTIATE_TEST_SUITE_P(Acme, MeterContractTest, testing::Values(&MakeAcmeMeterRig));
//
// and link //hal/rt:allocation_trap, which makes an allocation on the real-time side fatal.
#ifndef ABCDS_HAL_API_METER_CONTRACT_H_
#define ABCDS_HAL_API_METER_CONTRACT_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "hal/api/grid_meter.h"
#include "hal/rt/clock.h"
#include "hal/rt/realtime_scope.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// A meter under test with the device at its other end. Made with the device running and the meter not started.
class MeterRig {
 public:
  virtual ~MeterRig() = default;
  virtual GridMeter& meter() = 0;

  // What flows at the grid connection from now on, + import; the meter must say so within `tolerance()`.
  virtual void SetGridPower(Watts power) = 0;
  virtual Watts tolerance() { return Watts(1); }
  // Expected between two measurements.
  virtual Nanoseconds interval() = 0;
  // The device falls silent, and comes back. It must be possible.
  virtual void SetSilent(bool silent) = 0;
};

using MeterRigFactory = std::unique_ptr<MeterRig> (*)();

class MeterContractTest : public testing::TestWithParam<MeterRigFactory> {
 protected:
  static constexpr Nanoseconds kPatience = std::chrono::seconds(15);

  void SetUp() override { rig_ = GetParam()(); }
  void TearDown() override {
    if (rig_ != nullptr) rig_->meter().Stop();
  }

  GridMeter& meter() { return rig_->meter(); }

  // Looks every millisecond until it holds; false when it does not in time.
  static bool Eventually(const std::function<bool()>& holds, Nanoseconds patience = kPatience) {
    const MonotonicTime deadline = MonotonicNow() + patience;
    while (!holds()) {
      if (MonotonicNow() >= deadline) return false;
      SleepUntil(MonotonicNow() + std::chrono::milliseconds(1));
    }
    return true;
  }

  bool Shows(Watts power) {
    return Eventually([&] {
      const MeterState state = meter().Latest();
      return state.lifecycle == Lifecycle::kActive && state.power.valid &&
             Magnitude(state.power.value - power) <= rig_->tolerance();
    });
  }

  std::unique_ptr<MeterRig> rig_;
};

TEST_P(MeterContractTest, KnowsNothingBeforeStart) {
  const MeterState state = meter().Latest();
  EXPECT_EQ(state.lifecycle, Lifecycle::kConnecting);
  EXPECT_FALSE(state.power.valid);
  EXPECT_EQ(state.sequence, 0u);
  meter().Stop();  // never started: nothing to do, and no error
}

TEST_P(MeterContractTest, ShowsImportAsPlusAndExportAsMinus) {
  rig_->SetGridPower(Watts(412));
  meter().Start();
  EXPECT_TRUE(Shows(Watts(412)));
  rig_->SetGridPower(Watts(-251));
  EXPECT_TRUE(Shows(Watts(-251)));
}

TEST_P(MeterContractTest, EachMeasurementCountsOnceWithTheTimeOfItsArrival) {
  rig_->SetGridPower(Watts(300));
  meter().Start();
  ASSERT_TRUE(Shows(Watts(300)));
  const MonotonicTime begin = MonotonicNow();
  const MeterState first = meter().Latest();
  MeterState last = first;
  for (int i = 0; i < 3; ++i) {
    const MonotonicTime before = MonotonicNow();
    ASSERT_TRUE(Eventually([&] { return meter().Latest().sequence != last.sequence; }));
    const MeterState state = meter().Latest();
    EXPECT_GT(state.sequence, last.sequence);
    EXPECT_GT(state.power.taken_at, last.power.taken_at);
    EXPECT_GE(state.power.taken_at, before - std::chrono::seconds(1));
    EXPECT_LE(state.power.taken_at, MonotonicNow());
    last = state;
  }
  // As many as were made; some more where the machine was busy, and they came late and together.
  EXPECT_LE(last.sequence - first.sequence, static_cast<uint64_t>((MonotonicNow() - begin) / rig_->interval() + 10));
}

TEST_P(MeterContractTest, SilenceAgesTheValueAndEndsActive) {
  rig_->SetGridPower(Watts(300));
  meter().Start();
  ASSERT_TRUE(Shows(Watts(300)));
  rig_->SetSilent(true);
  ASSERT_TRUE(Eventually([&] { return meter().Latest().lifecycle != Lifecycle::kActive; }));
  const MeterState state = meter().Latest();
  EXPECT_FALSE(Eventually([&] { return meter().Latest().sequence != state.sequence; }, 2 * rig_->interval()));
  EXPECT_EQ(meter().Latest().power.taken_at, state.power.taken_at);
  // Back without being started again.
  rig_->SetGridPower(Watts(-120));
  rig_->SetSilent(false);
  EXPECT_TRUE(Shows(Watts(-120)));
  EXPECT_GT(meter().Latest().sequence, state.sequence);
}

TEST_P(MeterContractTest, StopEndsItSoonAndMayBeCalledAgain) {
  rig_->SetGridPower(Watts(300));
  meter().Start();
  ASSERT_TRUE(Shows(Watts(300)));
  const MonotonicTime stopped_at = MonotonicNow();
  meter().Stop();
  meter().Stop();
  EXPECT_LE(MonotonicNow() - stopped_at, std::chrono::seconds(2));
  const uint64_t sequence = meter().Latest().sequence;
  EXPECT_FALSE(Eventually([&] { return meter().Latest().sequence != sequence; }, 2 * rig_->interval()));
}

TEST_P(MeterContractTest, RealTimeSideTouchesNoHeap) {
  rig_->SetGridPower(Watts(300));
  meter().Start();
  ASSERT_TRUE(Shows(Watts(300)));
  const RealtimeScope scope;
  for (int i = 0; i < 1000; ++i) {
    if (!meter().Latest().power.valid) FAIL();
  }
}

TEST_P(MeterContractTest, DetailsNameTheDevice) {
  rig_->SetGridPower(Watts(300));
  meter().Start();
  ASSERT_TRUE(Shows(Watts(300)));
  const DeviceDetails details = meter().Details();
  EXPECT_FALSE(details.identity.empty());
  EXPECT_EQ(details.trouble, "");
}

}  // namespace abcds

#endif  // ABCDS_HAL_API_METER_CONTRACT_H_
