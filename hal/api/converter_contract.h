// What every PowerConverter must do, real or simulated: one suite, instantiated beside each driver.
//
//   INSTANTIATE_TEST_SUITE_P(Acme, ConverterContractTest, testing::Values(&MakeAcmeRig));
//
// and link //hal/rt:allocation_trap, which makes an allocation on the real-time side fatal.
#ifndef ABCDS_HAL_API_CONVERTER_CONTRACT_H_
#define ABCDS_HAL_API_CONVERTER_CONTRACT_H_

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "hal/api/power_converter.h"
#include "hal/rt/clock.h"
#include "hal/rt/realtime_scope.h"
#include "hal/units/at_rest.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// A converter under test with the actuator at its other end. Made with the transport running and the converter not
// started.
class ConverterRig {
 public:
  virtual ~ConverterRig() = default;
  virtual PowerConverter& converter() = 0;

  // All setpoints that have reached the actuator, in order, + charges: read at its end, not from the driver.
  virtual std::vector<Watts> Setpoints() = 0;
  // The power that really flows.
  virtual Watts Output() = 0;
  // What the device can do when nothing derates it; 0 for a direction that it does not have.
  virtual Watts max_charge() = 0;
  virtual Watts max_discharge() = 0;
  // A power well inside what the device can do, in a direction it has; all of it where it can only be on or off.
  virtual Watts some_power() { return max_discharge() > Watts(0) ? max_discharge() * -0.5 : max_charge() * 0.5; }
  // Makes the device stop and resume answering (and obeying). False where it has no wire that could fall silent.
  virtual bool SetSilent(bool) { return false; }
};

using ConverterRigFactory = std::unique_ptr<ConverterRig> (*)();

class ConverterContractTest : public testing::TestWithParam<ConverterRigFactory> {
 protected:
  static constexpr Nanoseconds kPatience = std::chrono::seconds(20);
  // For the pauses of a busy machine. How exactly a driver keeps its times is its session's test, on a clock of its
  // own.
  static constexpr Nanoseconds kTolerance = std::chrono::milliseconds(1500);

  void SetUp() override { rig_ = GetParam()(); }
  void TearDown() override {
    if (rig_ != nullptr) rig_->converter().Stop();
  }

  PowerConverter& converter() { return rig_->converter(); }

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
    return Eventually([this] { return converter().Latest().lifecycle == Lifecycle::kActive; });
  }

  // Repeats the command as the control cycle does, until `holds`.
  bool Holding(Watts power, const std::function<bool()>& holds, Nanoseconds patience = kPatience) {
    return Eventually(
        [&] {
          converter().Command({.power = power, .expires_at = MonotonicNow() + std::chrono::seconds(1)});
          return holds();
        },
        patience);
  }

  Watts LastSetpoint() {
    const std::vector<Watts> setpoints = rig_->Setpoints();
    return setpoints.empty() ? Watts(1e9) : setpoints.back();
  }

  Watts SomePower() { return rig_->some_power(); }

  std::unique_ptr<ConverterRig> rig_;
};

TEST_P(ConverterContractTest, SaysConnectingAndIsHarmlessBeforeStart) {
  EXPECT_EQ(converter().Latest().lifecycle, Lifecycle::kConnecting);
  EXPECT_FALSE(converter().Latest().power.valid);
  EXPECT_TRUE(rig_->Setpoints().empty());
  converter().Stop();  // never started: nothing to do, and no error
}

TEST_P(ConverterContractTest, FirstThingSentIsZero) {
  // A command that is there from the beginning must not overtake it.
  converter().Command({.power = SomePower(), .expires_at = MonotonicNow() + std::chrono::seconds(5)});
  converter().Start();
  ASSERT_TRUE(Eventually([this] { return !rig_->Setpoints().empty(); }));
  EXPECT_EQ(rig_->Setpoints().front(), Watts(0));
}

TEST_P(ConverterContractTest, BecomesActiveAndReportsItsLimits) {
  converter().Start();
  ASSERT_TRUE(BecomesActive());
  const ConverterState state = converter().Latest();
  EXPECT_EQ(state.max_charge, rig_->max_charge());
  EXPECT_EQ(state.max_discharge, rig_->max_discharge());
  EXPECT_TRUE(state.acknowledged.UsableAt(MonotonicNow(), kPatience));
  EXPECT_EQ(state.acknowledged.value, Watts(0));
}

TEST_P(ConverterContractTest, FollowsCommandsAndSaysSo) {
  converter().Start();
  ASSERT_TRUE(BecomesActive());
  const Watts power = SomePower();
  const MonotonicTime commanded_at = MonotonicNow();
  ASSERT_TRUE(Holding(power, [&] { return Magnitude(rig_->Output() - power) < Magnitude(power) * 0.1; }));
  ASSERT_TRUE(Holding(power, [&] {
    const ConverterState state = converter().Latest();
    return state.power.valid && Magnitude(state.power.value - power) < Magnitude(power) * 0.1;
  })) << "the measured power has the same sign and size as what flows";
  const ConverterState state = converter().Latest();
  EXPECT_EQ(state.acknowledged.value, power);
  EXPECT_GE(state.acknowledged.taken_at, commanded_at);
  EXPECT_TRUE(state.power.UsableAt(MonotonicNow(), std::chrono::seconds(2)));
}

TEST_P(ConverterContractTest, SaturatesAtItsLimits) {
  converter().Start();
  ASSERT_TRUE(BecomesActive());
  ASSERT_TRUE(Holding(Watts(-1e6), [&] { return LastSetpoint() == -rig_->max_discharge(); }));
  ASSERT_TRUE(Holding(Watts(1e6), [&] { return LastSetpoint() == rig_->max_charge(); }));
  for (const Watts setpoint : rig_->Setpoints()) {
    EXPECT_LE(setpoint, rig_->max_charge());
    EXPECT_GE(setpoint, -rig_->max_discharge());
  }
}

TEST_P(ConverterContractTest, NotANumberIsZero) {
  converter().Start();
  ASSERT_TRUE(BecomesActive());
  ASSERT_TRUE(Holding(SomePower(), [&] { return LastSetpoint() == SomePower(); }));
  ASSERT_TRUE(Holding(Watts(std::nan("")), [&] { return LastSetpoint() == Watts(0); }));
}

TEST_P(ConverterContractTest, ExpiredCommandIsZero) {
  converter().Start();
  ASSERT_TRUE(BecomesActive());
  ASSERT_TRUE(Holding(SomePower(), [&] { return LastSetpoint() == SomePower(); }));
  const MonotonicTime expires_at = MonotonicNow() + std::chrono::milliseconds(700);
  converter().Command({.power = SomePower(), .expires_at = expires_at});
  ASSERT_TRUE(Eventually([&] { return LastSetpoint() == Watts(0); }));
  EXPECT_GE(MonotonicNow(), expires_at) << "not before";
  EXPECT_LE(MonotonicNow(), expires_at + kTolerance);
  EXPECT_TRUE(Eventually([&] { return Magnitude(rig_->Output()) < Watts(1); }));
  // A new command starts it again.
  EXPECT_TRUE(Holding(SomePower(), [&] { return LastSetpoint() == SomePower(); }));
}

TEST_P(ConverterContractTest, CommandThatHasExpiredAlreadyMovesNothing) {
  converter().Start();
  ASSERT_TRUE(BecomesActive());
  const size_t before = rig_->Setpoints().size();
  const MonotonicTime until = MonotonicNow() + std::chrono::milliseconds(600);
  EXPECT_FALSE(Eventually(
      [&] {
        converter().Command({.power = SomePower(), .expires_at = MonotonicNow() - std::chrono::milliseconds(1)});
        return LastSetpoint() != Watts(0);
      },
      until - MonotonicNow()));
  for (size_t i = before; i < rig_->Setpoints().size(); ++i) EXPECT_EQ(rig_->Setpoints()[i], Watts(0));
}

TEST_P(ConverterContractTest, SilenceEndsActiveAndZeroComesFirstAfterIt) {
  converter().Start();
  ASSERT_TRUE(BecomesActive());
  ASSERT_TRUE(Holding(SomePower(), [&] { return LastSetpoint() == SomePower(); }));
  if (!rig_->SetSilent(true)) GTEST_SKIP() << "this device has no wire that could fall silent";
  ASSERT_TRUE(Holding(SomePower(), [&] { return converter().Latest().lifecycle != Lifecycle::kActive; }));
  const size_t before = rig_->Setpoints().size();
  rig_->SetSilent(false);
  // Still commanded: it must come back to the command by itself, but through 0 W.
  ASSERT_TRUE(Holding(SomePower(), [&] { return rig_->Setpoints().size() > before; }));
  EXPECT_EQ(rig_->Setpoints()[before], Watts(0));
  EXPECT_TRUE(Holding(SomePower(), [&] { return LastSetpoint() == SomePower(); }));
}

TEST_P(ConverterContractTest, StopLeavesZeroAndMayBeCalledAgain) {
  converter().Start();
  ASSERT_TRUE(BecomesActive());
  ASSERT_TRUE(Holding(SomePower(), [&] { return Magnitude(rig_->Output()) > Magnitude(SomePower()) * 0.5; }));
  const MonotonicTime stopped_at = MonotonicNow();
  converter().Stop();
  EXPECT_LE(MonotonicNow() - stopped_at, std::chrono::seconds(2) + kTolerance);
  EXPECT_EQ(LastSetpoint(), Watts(0));
  EXPECT_LT(Magnitude(rig_->Output()), kAtRest);
  const MonotonicTime again_at = MonotonicNow();
  converter().Stop();
  EXPECT_LE(MonotonicNow() - again_at, kTolerance);
  // A control thread that has not heard of it yet changes nothing any more.
  const size_t before = rig_->Setpoints().size();
  EXPECT_FALSE(Holding(
      SomePower(), [&] { return rig_->Setpoints().size() > before; }, std::chrono::milliseconds(300)));
}

TEST_P(ConverterContractTest, RealTimeSideTouchesNoHeap) {
  converter().Start();
  ASSERT_TRUE(BecomesActive());
  const Watts power = SomePower();
  const Watts limit = rig_->max_discharge();
  const RealtimeScope scope;
  for (int i = 0; i < 1000; ++i) {
    const MonotonicTime now = MonotonicNow();
    converter().Command({.power = power * (i % 2), .expires_at = now + std::chrono::seconds(1)});
    if (converter().Latest().max_discharge != limit) FAIL();
  }
}

TEST_P(ConverterContractTest, ItsThreadIsSeenToGoOn) {
  converter().Start();
  ASSERT_TRUE(BecomesActive());
  for (int round = 0; round < 3; ++round) {
    const ThreadProgress before = converter().progress();
    ASSERT_TRUE(before.Runs());
    EXPECT_GT(before.due_at, before.went_on_at);
    EXPECT_TRUE(Eventually([&] { return converter().progress().went_on_at > before.went_on_at; }))
        << "also while nothing is commanded";
  }
}

TEST_P(ConverterContractTest, DetailsNameTheDevice) {
  converter().Start();
  ASSERT_TRUE(BecomesActive());
  const DeviceDetails details = converter().Details();
  EXPECT_FALSE(details.identity.empty());
  EXPECT_EQ(details.trouble, "");
}

}  // namespace abcds

#endif  // ABCDS_HAL_API_CONVERTER_CONTRACT_H_
