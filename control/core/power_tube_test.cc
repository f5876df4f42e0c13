#include "control/core/power_tube.h"

#include <gtest/gtest.h>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr Nanoseconds kDt = 10ms;

// 0.3 s of dead time (0.2 to 0.45 s with the uncertainty), 600 W/s up (400 to 900), 1500 W/s down (1000 to 2250), and
// settling exactly at its setpoint, so that every bound can be worked out by hand.
ResponseSettings Ramping() {
  ResponseSettings response;
  response.dead_time = 300ms;
  response.ramp_up = WattsPerSecond(600);
  response.ramp_down = WattsPerSecond(1500);
  response.readback_latency = 100ms;
  response.uncertainty = 0.5;
  response.output_tolerance = Watts(0);
  response.output_tolerance_share = 0;
  return response;
}

// A tube on a clock of its own.
class Bench {
 public:
  explicit Bench(const ResponseSettings& response, bool reports_power = true) : tube(response, reports_power) {
    tube.Command(Watts(0), now);
  }
  void Command(double watts) { tube.Command(Watts(watts), now); }
  void Pass(double seconds) {
    const MonotonicTime end = now + FromSeconds(seconds);
    while (now < end) tube.Advance(now += kDt, kDt);
  }
  void Read(double watts) { tube.ReadBack({Watts(watts), now, true}, now); }
  // Long enough for readings that stand still to be believed.
  void ReadFor(double seconds, double watts) {
    for (double t = 0; t < seconds; t += 0.1) {
      Pass(0.1);
      Read(watts);
    }
  }
  double low() const { return tube.power().low.value(); }
  double high() const { return tube.power().high.value(); }

  MonotonicTime now{1000s};
  PowerTube tube;
};

struct Case {
  const char* name;
  double from_w;
  double to_w;
  double start_delay_s;
  double after_s;
  double low_w;
  double high_w;
};

class PowerTubePropagationTest : public testing::TestWithParam<Case> {};

TEST_P(PowerTubePropagationTest, HoldsTheFastestAndTheSlowestDeviceThatFit) {
  const Case& c = GetParam();
  ResponseSettings response = Ramping();
  response.start_delay = FromSeconds(c.start_delay_s);
  Bench bench(response, false);
  bench.Command(c.from_w);
  bench.Pass(10);
  ASSERT_DOUBLE_EQ(bench.low(), c.from_w);
  ASSERT_DOUBLE_EQ(bench.high(), c.from_w);
  bench.Command(c.to_w);
  bench.Pass(c.after_s);
  // One step of 10 ms of the fastest ramp.
  EXPECT_NEAR(bench.low(), c.low_w, 23);
  EXPECT_NEAR(bench.high(), c.high_w, 23);
}

INSTANTIATE_TEST_SUITE_P(Ramps, PowerTubePropagationTest, testing::Values(
    //   name                                    from    to  start  after   low   high
    Case{"NothingWithinTheShortestDeadTime",        0, -600,    0,   0.18,    0,     0},
    Case{"OnlyTheFastestHasStarted",                0, -600,    0,   0.40, -180,     0},
    Case{"TheSlowestIsOnItsWay",                    0, -600,    0,   1.45, -600,  -400},
    Case{"BothHaveArrived",                         0, -600,    0,   2.00, -600,  -600},
    Case{"FromRestTheStartDelayComesOnTop",         0, -600,  0.6,   0.55,    0,     0},
    Case{"FromRestTheFastestStartsAfterBoth",       0, -600,  0.6,   0.80, -180,     0},
    Case{"RunningThereIsNoStartDelay",           -200, -600,  0.6,   0.40, -380,  -200},
    Case{"StoppingRampsDownFaster",              -600,    0,    0,   0.30, -600,  -375},
    Case{"TheSlowestStops",                      -600,    0,    0,   0.75, -300,     0},
    Case{"ChargingIsTheMirrorImage",                0,  600,    0,   0.40,    0,   180},
    Case{"LessChargingRampsDownFaster",           600,  200,    0,   0.30,  375,   600},
    Case{"ChargerArrived",                          0,  600,    0,   2.00,  600,   600}),
    [](const auto& row) { return row.param.name; });

TEST(PowerTubeTest, ALagIsFastestAndSlowestToo) {
  ResponseSettings response = Ramping();
  response.ramp_up = response.ramp_down = WattsPerSecond(1e6);
  response.lag = 400ms;
  Bench bench(response, false);
  bench.Command(-1000);
  // The fastest started at 0.20 s with a time constant of 0.267 s: 59 % at 0.44 s, before the slowest begins.
  bench.Pass(0.44);
  EXPECT_NEAR(bench.low(), -593, 30);
  EXPECT_EQ(bench.high(), 0);
  // The slowest started at 0.45 s with 0.6 s: 63 % at 1.05 s.
  bench.Pass(0.61);
  EXPECT_NEAR(bench.high(), -632, 30);
}

TEST(PowerTubeTest, ASecondSetpointWithinTheDeadTimeDoesNotHideTheFirst) {
  Bench bench(Ramping(), false);
  bench.Command(-600);
  bench.Pass(0.1);
  bench.Command(0);
  bench.Pass(0.2);  // 0.3 s after the first: it may act since 0.2 s, the second may since 0.3 s
  EXPECT_NEAR(bench.low(), -90, 23);
  EXPECT_EQ(bench.high(), 0);
  bench.Pass(2);
  EXPECT_EQ(bench.low(), 0);
  EXPECT_EQ(bench.high(), 0);
}

TEST(PowerTubeTest, RepeatingTheStandingSetpointChangesNothing) {
  Bench once(Ramping(), false);
  Bench often(Ramping(), false);
  once.Command(-600);
  for (int i = 0; i < 40; ++i) {
    often.Command(-600);
    once.Pass(0.02);
    often.Pass(0.02);
  }
  EXPECT_EQ(once.tube.power(), often.tube.power());
}

TEST(PowerTubeTest, MoreSetpointsThanThereIsRoomForStayInsideTheirRange) {
  ResponseSettings slow = Ramping();
  slow.dead_time = 5s;
  Bench bench(slow, false);
  for (int i = 0; i < 100; ++i) {
    bench.Command(-100 - i);
    bench.Pass(0.02);
  }
  bench.Pass(20);
  EXPECT_EQ(bench.low(), -199);
  EXPECT_EQ(bench.high(), -199);
}

TEST(PowerTubeTest, SettlesInsideItsTolerance) {
  ResponseSettings response = Ramping();
  response.output_tolerance = Watts(10);        // a fifth of it is left once the gain is known …
  response.output_tolerance_share = 0.05;       // … and a tenth of the share: 2 W + 0.5 %
  Bench bench(response, false);
  bench.Command(-400);
  bench.Pass(5);
  EXPECT_NEAR(bench.low(), -404, 1e-9);
  EXPECT_NEAR(bench.high(), -396, 1e-9);
  bench.Command(0);
  bench.Pass(5);
  EXPECT_EQ(bench.low(), 0) << "off is off";
  EXPECT_EQ(bench.high(), 0);
}

TEST(PowerTubeTest, AReadingNarrowsWhatIsPossible) {
  Bench bench(Ramping());
  bench.tube.Forget({Watts(-600), Watts(300)});
  bench.Read(-200);
  // 0.15 s old at most, it may have fallen by 2250 W/s since: between -201.5 W and 0 W.
  EXPECT_NEAR(bench.low(), -201.5, 1e-9);
  EXPECT_NEAR(bench.high(), 0, 1e-9);
}

TEST(PowerTubeTest, AReadingFromBeforeTheMoveDoesNotHoldTheMoveBack) {
  Bench bench(Ramping());
  bench.Command(-600);
  bench.Pass(0.40);  // the fastest is at -180 W
  bench.Read(0);     // measured up to 0.15 s ago
  EXPECT_NEAR(bench.low(), -136, 10) << "0.15 s at 900 W/s";
  EXPECT_EQ(bench.high(), 0);
}

TEST(PowerTubeTest, AReadingThatContradictsTheModelWinsAndLoosensIt) {
  Bench bench(Ramping());
  bench.Command(-600);
  bench.Pass(5);
  ASSERT_EQ(bench.high(), -600);
  bench.Read(-300);  // much slower than it was told to be
  EXPECT_NEAR(bench.low(), -301.5 - 135, 1e-9);
  EXPECT_NEAR(bench.high(), -298.5, 1e-9);
  // From now on the slow side is half as slow again: 1.5 × 1.5, so the ramp is 267 instead of 400 W/s.
  bench.Pass(1);
  EXPECT_NEAR(bench.high(), -298.5 - 267, 5);
}

TEST(PowerTubeTest, TheSameReadingAgainAndInvalidOnesChangeNothing) {
  Bench bench(Ramping());
  bench.Command(-600);
  bench.Pass(0.40);
  const Sample<Watts> reading{Watts(-50), bench.now, true};
  bench.tube.ReadBack(reading, bench.now);
  const PowerInterval after_first = bench.tube.power();
  bench.tube.ReadBack(reading, bench.now);
  EXPECT_EQ(bench.tube.power(), after_first);
  bench.tube.ReadBack({Watts(-599), bench.now + 1ms, false}, bench.now);
  EXPECT_EQ(bench.tube.power(), after_first);
}

TEST(PowerTubeTest, ADeviceWithoutReadBackIgnoresReadings) {
  Bench bench(Ramping(), false);
  bench.Read(-300);
  EXPECT_EQ(bench.tube.power(), PowerInterval{});
}

TEST(PowerTubeTest, TheNoiseOfAnIdleSensorIsNoPower) {
  Bench bench(Ramping());
  bench.ReadFor(2, -6);
  EXPECT_GE(bench.low(), -1.5);
  EXPECT_LE(bench.high(), 1.5);
}

struct GainCase {
  const char* name;
  double setpoint_w;
  double reading_w;
  double want_setpoint_for_200;
};

class PowerTubeGainTest : public testing::TestWithParam<GainCase> {};

TEST_P(PowerTubeGainTest, LearnsTheRatioOfSettledPowerToSetpoint) {
  const GainCase& c = GetParam();
  Bench bench(Ramping());
  bench.Command(c.setpoint_w);
  bench.ReadFor(6, c.reading_w);
  EXPECT_NEAR(bench.tube.SetpointFor(Watts(-200)).value(), c.want_setpoint_for_200, 0.05);
  EXPECT_NEAR(bench.tube.settling_at().value(), c.setpoint_w * -200 / c.want_setpoint_for_200, 0.1);
}

INSTANTIATE_TEST_SUITE_P(Gains, PowerTubeGainTest, testing::Values(
    //       name                               setpoint reading  setpoint for -200 W
    GainCase{"AWeakDeviceIsToldMore",               -400,   -394,  -203.046},
    GainCase{"AStrongDeviceIsToldLess",             -400,   -416,  -192.308},
    GainCase{"OfACharger",                           400,    380,  -210.526},
    GainCase{"NotFromALimitedDevice",               -400,   -340,  -200},
    GainCase{"NotFromOneFarTooStrong",              -400,   -460,  -200},
    GainCase{"NotWhereTheSensorsOffsetMatters",      -60,    -55,  -200},
    GainCase{"NotWithTheWrongSign",                 -400,    394,  -200}),
    [](const auto& row) { return row.param.name; });

TEST(PowerTubeTest, AReadingThatIsSeenAgainTeachesNothingNew) {
  Bench bench(Ramping());
  bench.Command(-400);
  bench.ReadFor(2.0, -400);
  const Sample<Watts> reading{Watts(-399), bench.now + kDt, true};
  bench.Pass(0.01);
  for (int cycle = 0; cycle < 50; ++cycle) {  // the newest state of a device that is polled once a second
    bench.tube.ReadBack(reading, bench.now);
    bench.Pass(0.02);
  }
  // 0.3 of the way from 1 to 0.9975, once.
  EXPECT_NEAR(bench.tube.SetpointFor(Watts(-200)).value(), -200.15, 0.01);
}

TEST(PowerTubeTest, GainIsNotLearnedUnderWay) {
  Bench bench(Ramping());
  bench.Command(-400);
  bench.Pass(0.4);
  for (int i = 0; i < 20; ++i) {  // readings that creep past 95 % of the setpoint
    bench.Pass(0.05);
    bench.Read(-370.0 - 2 * i);
  }
  EXPECT_EQ(bench.tube.SetpointFor(Watts(-200)), Watts(-200));
}

TEST(PowerTubeTest, SettledMeansThatNothingIsOnItsWayAndReadingsStandStill) {
  Bench bench(Ramping());
  bench.Command(-400);
  bench.Pass(0.4);
  EXPECT_FALSE(bench.tube.Settled(bench.now)) << "the setpoint may not have arrived yet";
  bench.Pass(1.0);
  bench.Read(-380);
  EXPECT_FALSE(bench.tube.Settled(bench.now)) << "the first reading says nothing about standing still";
  bench.Pass(0.1);
  bench.Read(-400);
  bench.Pass(0.1);
  bench.Read(-400);
  EXPECT_FALSE(bench.tube.Settled(bench.now)) << "stood still for 0.1 s of 0.2 s";
  bench.Pass(0.1);
  bench.Read(-400);
  EXPECT_TRUE(bench.tube.Settled(bench.now));
  bench.Command(-500);
  EXPECT_FALSE(bench.tube.Settled(bench.now));
}

TEST(PowerTubeTest, SettledByIsWhenTheSlowestDeviceHasArrived) {
  Bench bench(Ramping());
  const MonotonicTime told = bench.now;
  bench.Command(-600);
  // 0.45 s of dead time and 600 W at 400 W/s.
  EXPECT_NEAR(ToSeconds(bench.tube.SettledBy() - told), 1.95, 1e-6);
  EXPECT_EQ(PowerTube(Ramping(), true).SettledBy(), MonotonicTime::min());
}

TEST(PowerTubeTest, ANewSetpointDoesNotOvertakeTheStartThatIsUnderWay) {
  ResponseSettings response = Ramping();
  response.start_delay = 600ms;
  Bench bench(response);
  const MonotonicTime told = bench.now;
  bench.Command(-600);
  bench.Command(-500);  // changed at once: it starts no sooner for that
  // (0.3 + 0.6) s × 1.5, then 500 W at 400 W/s.
  EXPECT_NEAR(ToSeconds(bench.tube.SettledBy() - told), 1.35 + 1.25, 1e-6);
}

TEST(PowerTubeTest, ForgetMakesEverythingPossible) {
  Bench bench(Ramping());
  bench.Command(-400);
  bench.ReadFor(3, -400);
  bench.tube.Forget({Watts(-600), Watts(0)});
  EXPECT_EQ(bench.tube.power(), (PowerInterval{Watts(-600), Watts(0)}));
  EXPECT_FALSE(bench.tube.Settled(bench.now));
}

TEST(PowerTubeTest, TypicalDelayIsDeadTimeAndLag) {
  ResponseSettings response = Ramping();
  response.lag = 400ms;
  EXPECT_EQ(PowerTube(response, true).TypicalDelay(), Nanoseconds(700ms));
}

}  // namespace
}  // namespace abcds
