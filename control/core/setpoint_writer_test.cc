#include "control/core/setpoint_writer.h"

#include <gtest/gtest.h>

#include "control/core/setpoint_writer_bench.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

struct Case {
  const char* name;
  double standing_w;
  double after_s;       // since that was written
  double wanted_w;
  bool must_reduce;
  double want_w;
  Reason want;
};

class SetpointWriterTest : public testing::TestWithParam<Case> {};

TEST_P(SetpointWriterTest, WritesWhatIsWorthIt) {
  const Case& c = GetParam();
  Bench bench;
  (void)bench.Decide(c.standing_w);
  ASSERT_EQ(bench.setpoint(), c.standing_w);
  bench.Pass(c.after_s);
  const SetpointWriter::Result result = bench.Decide(c.wanted_w, c.must_reduce);
  EXPECT_EQ(result.setpoint.value(), c.want_w);
  EXPECT_EQ(result.reason, c.want);
}

constexpr Reason kAsWanted = Reason::kRegulating;

INSTANTIATE_TEST_SUITE_P(Rules, SetpointWriterTest, testing::Values(
    //   name                                standing after wanted reduce  want  reason
    Case{"StartsAtOnce",                           0, 0.02,  -300, false,  -300, kAsWanted},
    Case{"StartsWithLittle",                       0, 0.02,   -25, false,   -25, kAsWanted},
    Case{"InTheDeadbandItHolds",                -300, 0.60,  -309, false,  -300, Reason::kDeadband},
    Case{"InTheDeadbandDownwardsToo",           -300, 0.60,  -291, false,  -300, Reason::kDeadband},
    Case{"AtTheDeadbandItWrites",               -300, 2.00,  -310, false,  -310, kAsWanted},
    Case{"BeyondItToo",                          300, 2.00,   350, false,   350, kAsWanted},
    Case{"NotTooOften",                         -300, 0.48,  -400, false,  -300, Reason::kMinimumInterval},
    Case{"AsOftenAsAllowed",                    -300, 0.50,  -400, false,  -400, kAsWanted},
    Case{"StoppingWaitsForNothing",             -300, 0.02,     0, false,     0, kAsWanted},
    Case{"ALimitWaitsForNothing",               -300, 0.02,  -200, true,   -200, kAsWanted},
    Case{"NotEvenForTheDeadband",               -300, 0.02,  -295, true,   -295, kAsWanted},
    Case{"ALimitWhileCharging",                  300, 0.02,   200, true,    200, kAsWanted},
    Case{"TheOtherDirectionIsLess",             -300, 0.02,   400, true,    400, kAsWanted},
    Case{"MoreIsNeverProtection",               -300, 0.02,  -400, true,   -300, Reason::kMinimumInterval},
    Case{"NotMoreThanTheDeviceCan",             -300, 2.00,  -900, false,  -600, kAsWanted},
    Case{"NorCharging",                          300, 2.00,   900, false,   600, kAsWanted},
    Case{"WholeWatts",                          -300, 2.00, -350.4, false, -350, kAsWanted}),
    [](const auto& row) { return row.param.name; });

TEST(SetpointWriterTest, AnOffsetInTheDeadbandIsSentWhenItHasLasted) {
  Bench bench;
  (void)bench.Decide(-300);
  // 5 W: summed to 5.0, 9.5, 13.6 and 17.3 Ws with a forgetting of 10 s; it is worth a write from 10 W × 1.5 s on.
  for (int second = 1; second <= 3; ++second) {
    bench.Pass(1);
    EXPECT_EQ(bench.Decide(-305).reason, Reason::kDeadband) << "after " << second << " s";
  }
  bench.Pass(1);
  EXPECT_EQ(bench.Decide(-305).setpoint, Watts(-305));
}

TEST(SetpointWriterTest, CyclesWithoutAMeasurementAddNothingToTheSum) {
  Bench bench;
  (void)bench.Decide(-300);
  for (int i = 0; i < 50 * 60; ++i) {
    bench.Pass(0.02);
    ASSERT_EQ(bench.Decide(-305, false, false).reason, Reason::kDeadband);
  }
}

TEST(SetpointWriterTest, AWriteSettlesWhatWasSummedBefore) {
  Bench bench;
  (void)bench.Decide(-300);
  bench.Pass(1);
  EXPECT_EQ(bench.Decide(-400).setpoint, Watts(-400));
  bench.Pass(1);
  EXPECT_EQ(bench.Decide(-401).reason, Reason::kDeadband);
}

TEST(SetpointWriterTest, NoiseCostsNoWrites) {
  Bench bench;
  (void)bench.Decide(-300);
  for (int second = 0; second < 600; ++second) {
    bench.Pass(1);
    ASSERT_EQ(bench.Decide(second % 2 == 0 ? -308 : -292).setpoint, Watts(-300)) << "after " << second << " s";
  }
}

TEST(SetpointWriterTest, ASmallOffsetIsForgottenNotSummedForEver) {
  Bench bench;
  (void)bench.Decide(-300);
  // 1.4 W sum to 1.4 / (1 - e^-0.1) = 14.7 Ws at most.
  for (int second = 0; second < 600; ++second) {
    bench.Pass(1);
    ASSERT_EQ(bench.Decide(-301.4).setpoint, Watts(-300));
  }
}

TEST(SetpointWriterTest, TheSlewRateIsKeptFromWriteToWrite) {
  ConverterSettings settings = Device();
  settings.slew = WattsPerSecond(100);
  Bench bench(settings);
  (void)bench.Decide(-100);
  const double start = bench.setpoint();
  bench.Pass(1);
  SetpointWriter::Result result = bench.Decide(-600);
  EXPECT_EQ(result.setpoint.value(), start - 100);
  EXPECT_EQ(result.reason, Reason::kSlewRate);
  bench.Pass(0.5);
  result = bench.Decide(-600);
  EXPECT_EQ(result.setpoint.value(), start - 150);
  bench.Pass(0.5);
  EXPECT_EQ(bench.Decide(-200, true).setpoint.value(), start - 150 > -200 ? start - 150 : -200)
      << "a limit outruns the slew rate";
  bench.Pass(0.02);
  EXPECT_EQ(bench.Decide(0).setpoint, Watts(0)) << "and so does stopping";
}

TEST(SetpointWriterTest, ALongRestSavesUpNoSlew) {
  ConverterSettings settings = Device();
  settings.slew = WattsPerSecond(100);
  Bench bench(settings);
  for (int i = 0; i < 10; ++i) {
    (void)bench.Decide(-200);
    bench.Pass(0.5);
  }
  ASSERT_EQ(bench.setpoint(), -200);
  bench.Pass(600);
  EXPECT_EQ(bench.Decide(-600).setpoint, Watts(-300)) << "one second's worth";
  bench.Pass(0.5);
  EXPECT_EQ(bench.Decide(-600).setpoint, Watts(-350));
}

TEST(SetpointWriterTest, StartingIsWorthAWriteHoweverWideTheDeadband) {
  ConverterSettings settings = Device();
  settings.deadband = Watts(50);
  Bench bench(settings);
  EXPECT_EQ(bench.Decide(-30).setpoint, Watts(-30));
}

TEST(SetpointWriterTest, AKnownGainIsAllowedFor) {
  ConverterSettings settings = Device();
  SetpointWriter writer(settings);
  PowerTube tube(settings.response, true);
  MonotonicTime now(1000s);
  tube.Command(Watts(0), now);
  tube.Command(writer.Decide(Ask(settings, -400), tube, now).setpoint, now);
  for (int i = 0; i < 60; ++i) {  // 4 % too weak
    now += 250ms;
    tube.Advance(now, 250ms);
    tube.ReadBack({Watts(-384), now, true}, now);
  }
  EXPECT_EQ(writer.Decide(Ask(settings, -290), tube, now).setpoint.value(), -302) << "-290 / 0.96 = -302.1";
  // Never more than the device may be told.
  now += 1s;
  EXPECT_EQ(writer.Decide(Ask(settings, -590), tube, now).setpoint, Watts(-600));
}

TEST(SetpointWriterTest, AStrongReadBackHoldsNoDeviceBelowItsLimit) {
  ConverterSettings settings = Device();
  SetpointWriter writer(settings);
  PowerTube tube(settings.response, true);
  MonotonicTime now(1000s);
  tube.Command(Watts(0), now);
  tube.Command(writer.Decide(Ask(settings, -400), tube, now).setpoint, now);
  for (int i = 0; i < 60; ++i) {  // 4 % too much, as it says
    now += 250ms;
    tube.Advance(now, 250ms);
    tube.ReadBack({Watts(-416), now, true}, now);
  }
  EXPECT_EQ(writer.Decide(Ask(settings, -599), tube, now).setpoint, Watts(-576)) << "-599 / 1.04";
  now += 1s;
  EXPECT_EQ(writer.Decide(Ask(settings, -600), tube, now).setpoint, Watts(-600));
}

TEST(SetpointWriterTest, AStrongDevicesMinimumIsStillItsMinimum) {
  ConverterSettings settings = Device();
  SetpointWriter writer(settings);
  PowerTube tube(settings.response, true);
  MonotonicTime now(1000s);
  tube.Command(Watts(0), now);
  tube.Command(writer.Decide(Ask(settings, -400), tube, now).setpoint, now);
  for (int i = 0; i < 60; ++i) {  // 5 % too strong
    now += 250ms;
    tube.Advance(now, 250ms);
    tube.ReadBack({Watts(-420), now, true}, now);
  }
  // -25 / 1.05 = -23.8 would be below what the device delivers: it would stop.
  EXPECT_EQ(writer.Decide(Ask(settings, -25), tube, now).setpoint, Watts(-25));
}

TEST(SetpointWriterTest, WhatTheGateLowersIsTheNewStandingSetpoint) {
  Bench bench;
  (void)bench.Decide(-300);
  bench.writer.Override(Watts(-100), bench.now);
  bench.tube.Command(Watts(-100), bench.now);
  EXPECT_EQ(bench.setpoint(), -100);
  bench.Pass(0.1);
  EXPECT_EQ(bench.Decide(-300).reason, Reason::kMinimumInterval) << "it counts as a write";
}

}  // namespace
}  // namespace abcds
