#include "control/core/load_observer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

MonotonicTime At(double seconds) { return MonotonicTime(1000s) + FromSeconds(seconds); }

// Momentary values once a second, half a second late: between 0.345 and 0.725 s with the uncertainty of 0.45.
MeterSettings Momentary() {
  MeterSettings settings;
  settings.interval = 1s;
  settings.latency = 500ms;
  settings.averaging = Nanoseconds(0);
  settings.timing_uncertainty = 0.45;
  settings.noise = Watts(4);
  return settings;
}

// Own power as a function of time, fed every 10 ms.
class Bench {
 public:
  explicit Bench(const MeterSettings& settings, std::function<double(double)> own)
      : observer(settings), own_(std::move(own)) {}
  void Measured(double at_s, double grid_w) {
    for (; time_ <= at_s + 1e-9; time_ += 0.01) {
      const Watts p(own_(time_));
      observer.OwnPower(At(time_), {p, p}, false);
    }
    observer.Measured(Watts(grid_w), At(at_s));
  }
  double load() const { return observer.load().value(); }
  double slope() const { return observer.slope().value(); }

  LoadObserver observer;

 private:
  std::function<double(double)> own_;
  double time_ = -5;
};

double Nothing(double) { return 0; }

struct Case {
  const char* name;
  double own_before_w;  // until 9.5 s, the middle of what the value at 10 s may speak of
  double own_after_w;
  double grid_w;        // at 10 s; the house has drawn 300 W until then
  double want_load_w;
};

class LoadObserverTest : public testing::TestWithParam<Case> {};

TEST_P(LoadObserverTest, HoldsInsideTheIntervalAndMovesToItsNearestEdge) {
  const Case& c = GetParam();
  Bench bench(Momentary(), [&](double t) { return t < 9.5 ? c.own_before_w : c.own_after_w; });
  bench.Measured(8, 300 + c.own_before_w);
  bench.Measured(9, 300 + c.own_before_w);
  ASSERT_NEAR(bench.load(), 300, 1e-6);
  bench.Measured(10, c.grid_w);
  EXPECT_NEAR(bench.load(), c.want_load_w, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(OwnStep, LoadObserverTest, testing::Values(
    //   name                                     before  after  grid  want
    Case{"AtRestAValueIsTheTruth",                     0,     0,  700,  700},
    Case{"RunningAValueIsTheTruth",                 -200,  -200,  500,  700},
    Case{"ChargingAValueIsTheTruth",                 400,   400,  500,  100},
    Case{"WithinTheNoiseItIsAveraged",                 0,     0,  303,  300.9},
    Case{"BeyondTheNoiseItCounts",                     0,     0,  305,  305},
    Case{"OwnStepNotSeenYet",                          0,  -600,  300,  300},
    Case{"OwnStepSeenAlready",                         0,  -600, -300,  300},
    Case{"OwnStepSeenInPart",                          0,  -600,    0,  300},
    Case{"MoreThanOwnStepMovesToTheLowerEdge",         0,  -600,  500,  500},
    Case{"LessThanOwnStepMovesToTheUpperEdge",         0,  -600, -500,  100},
    Case{"OwnStepDownHolds",                        -600,     0,    0,  300},
    Case{"OwnStepDownMovesToTheNearestEdge",        -600,     0,  800,  800}),
    [](const auto& row) { return row.param.name; });

TEST(LoadObserverTest, TheFirstValueIsTakenAsItIs) {
  Bench bench(Momentary(), [](double) { return -200.0; });
  EXPECT_FALSE(bench.observer.known());
  bench.Measured(1, 50);
  EXPECT_TRUE(bench.observer.known());
  EXPECT_NEAR(bench.load(), 250, 1e-6);
  EXPECT_EQ(bench.observer.measured_at(), At(1));
  EXPECT_NEAR(bench.observer.own().low.value(), -200, 1e-6);
  EXPECT_NEAR(bench.observer.allowed().high.value(), 250, 1e-6);
}

// The property that keeps the loop from swinging: whatever the real delay within what is believed, and whenever we
// step, a house that draws constant power is never seen to change.
TEST(LoadObserverTest, OwnMovementIsNeverMistakenForTheHouse) {
  for (double latency = 0.35; latency <= 0.72; latency += 0.03) {
    for (double phase = 0; phase < 1; phase += 0.1) {
      SCOPED_TRACE(testing::Message() << "real latency " << latency << " s, phase " << phase << " s");
      auto own = [phase](double t) { return t < 3 + phase ? 0.0 : t < 6 + phase ? -500.0 : 250.0; };
      Bench bench(Momentary(), own);
      for (int second = 1; second <= 12; ++second) {
        bench.Measured(second, 300 + own(second - latency));
        ASSERT_NEAR(bench.load(), 300, 1e-6) << "at " << second << " s";
      }
    }
  }
}

TEST(LoadObserverTest, OwnMovementIsNotMistakenByAnAveragingMeterEither) {
  MeterSettings settings = Momentary();
  settings.averaging = 1s;
  for (const double width : {0.75, 1.0, 1.4}) {
    for (const double latency : {0.36, 0.5, 0.7}) {
      for (double phase = 0; phase < 1; phase += 0.1) {
        SCOPED_TRACE(testing::Message() << "real width " << width << " s, latency " << latency
                                        << " s, phase " << phase);
        Bench bench(settings, [phase](double t) { return t < 3 + phase ? 0.0 : -500.0; });
        for (int second = 1; second <= 9; ++second) {
          // Mean of a step at 3 s + phase over [end - width, end].
          const double end = second - latency;
          const double share = std::clamp((end - (3 + phase)) / width, 0.0, 1.0);
          bench.Measured(second, 300 - 500 * share);
          // Windows are tried every 48 ms of latency: half of that, of 500 W.
          ASSERT_NEAR(bench.load(), 300, 13) << "at " << second << " s";
        }
      }
    }
  }
}

TEST(LoadObserverTest, AStepBetweenTwoWindowsIsFollowedThrough) {
  // Our own power swings by 600 W within every window, so that each value allows an interval of 600 W.
  Bench bench(Momentary(), [](double t) { return std::fmod(t + 100, 1.0) < 0.5 ? 0.0 : -600.0; });
  bench.Measured(1, 0);  // allows 0 to 600 W
  ASSERT_NEAR(bench.load(), 300, 1e-6);
  bench.Measured(2, 500);  // 500 to 1100 W
  ASSERT_NEAR(bench.load(), 500, 1e-6);
  bench.Measured(3, 500);  // a fifth of the way to the middle, 800 W
  EXPECT_NEAR(bench.load(), 560, 1e-6);
  bench.Measured(4, 500);  // once
  EXPECT_NEAR(bench.load(), 560, 1e-6);
}

struct SlopeCase {
  const char* name;
  std::vector<double> grid_w;  // one value a second, own power 0 W
  double want_slope;           // W/s after the last one
  double tolerance;
};

class LoadObserverSlopeTest : public testing::TestWithParam<SlopeCase> {};

TEST_P(LoadObserverSlopeTest, ThreeMovesOfLikeSizeInOneDirectionAreARamp) {
  const SlopeCase& c = GetParam();
  Bench bench(Momentary(), Nothing);
  double at = 0;
  for (const double grid : c.grid_w) bench.Measured(at += 1, grid);
  EXPECT_NEAR(bench.slope(), c.want_slope, c.tolerance);
}

INSTANTIATE_TEST_SUITE_P(Sequences, LoadObserverSlopeTest, testing::Values(
    SlopeCase{"TwoMovesAreNone",               {300, 350, 400},                          0, 0},
    SlopeCase{"ThreeMovesStartOne",            {300, 350, 400, 450},                    50, 1e-6},
    SlopeCase{"DownwardsToo",                  {700, 650, 600, 550},                   -50, 1e-6},
    SlopeCase{"UnequalMovesGiveTheirMean",     {300, 330, 400, 450},                    50, 1e-6},
    SlopeCase{"MovesOfUnlikeSizeDoNot",        {300, 310, 320, 370},                     0, 0},
    SlopeCase{"AStepDoesNot",                  {300, 900, 900, 900, 900},                0, 0},
    SlopeCase{"PulsesDoNot",                   {300, 900, 300, 900, 300, 900},           0, 0},
    SlopeCase{"WithinTheNoiseDoesNot",         {300, 303, 306, 309, 312},                0, 0},
    SlopeCase{"StaysWhileTheRampGoesOn",       {300, 350, 400, 450, 500, 550, 600},     50, 1e-6},
    SlopeCase{"EndsWithTheRamp",               {300, 350, 400, 450, 450, 450, 450, 450, 450},  0, 3},
    SlopeCase{"EndsWithAStep",                 {300, 350, 400, 450, 1500},               0, 0}),
    [](const auto& row) { return row.param.name; });

TEST(LoadObserverTest, OnARampTheLoadIsToldAhead) {
  Bench bench(Momentary(), Nothing);
  for (int i = 0; i < 4; ++i) bench.Measured(1 + i, 300 + 50 * i);
  ASSERT_NEAR(bench.load(), 450, 1e-6);
  // The value is half a second old; 0.3 s ahead of its arrival the load is 50 W/s × 0.8 s further.
  EXPECT_NEAR(bench.observer.LoadAt(300ms).value(), 490, 1e-6);
  MeterSettings averaging = Momentary();
  averaging.averaging = 1s;
  Bench late(averaging, Nothing);
  for (int i = 0; i < 4; ++i) late.Measured(1 + i, 300 + 50 * i);
  EXPECT_NEAR(late.observer.LoadAt(300ms).value(), 515, 1e-6) << "the mean of a second is half a second older";
}

TEST(LoadObserverTest, AStepInARampIsTakenAtOnce) {
  Bench bench(Momentary(), Nothing);
  for (int i = 0; i < 4; ++i) bench.Measured(1 + i, 300 + 50 * i);
  bench.Measured(5, 2000);
  EXPECT_NEAR(bench.load(), 2000, 1);
  EXPECT_EQ(bench.slope(), 0);
}

TEST(LoadObserverTest, MessagesInABunchDoNotMakeASteepRamp) {
  Bench bench(Momentary(), Nothing);
  for (int i = 0; i < 4; ++i) bench.Measured(1 + 0.01 * i, 300 + 50 * i);
  // 50 W in 10 ms would be 5000 W/s; they count as at least 0.3 intervals apart.
  EXPECT_NEAR(bench.slope(), 50 / 0.3, 1e-6);
}

TEST(LoadObserverTest, ResetStartsOver) {
  Bench bench(Momentary(), Nothing);
  for (int i = 0; i < 4; ++i) bench.Measured(1 + i, 300 + 50 * i);
  bench.observer.Reset();
  EXPECT_FALSE(bench.observer.known());
  EXPECT_EQ(bench.slope(), 0);
  bench.Measured(60, 1000);
  EXPECT_NEAR(bench.load(), 1000, 1e-6);
  bench.Measured(61, 1050);
  bench.Measured(62, 1100);
  EXPECT_EQ(bench.slope(), 0) << "moves from before do not count";
}

TEST(LoadObserverTest, ALatencyToldAsNothingMayStillBeSome) {
  MeterSettings settings = Momentary();
  settings.latency = Nanoseconds(0);
  Bench bench(settings, [](double t) { return t < 9.7 ? 0.0 : -600.0; });
  bench.Measured(8, 300);
  bench.Measured(9, 300);
  bench.Measured(10, 300);  // speaks of 9.6 s, before our step
  EXPECT_NEAR(bench.load(), 300, 1e-6);
}

TEST(LoadObserverTest, ASlopeIsLetGoWhileAConverterStarts) {
  const auto slope_after = [](double own_step_w) {
    Bench bench(Momentary(), [=](double t) { return t < 14.5 ? 0.0 : own_step_w; });
    for (int t = 5; t <= 14; ++t) bench.Measured(t, 300 + 50.0 * t);
    const double before = bench.slope();
    bench.Measured(15, 300 + 50.0 * 15);
    return bench.slope() / before;
  };
  EXPECT_NEAR(slope_after(0), 1, 0.05);
  EXPECT_NEAR(slope_after(-600), 0.5, 1e-6);
}

// The end of a cloud's edge: the load ramps, and our power goes on from one level to the next at 10.4 s.
TEST(LoadObserverTest, NoSlopeIsBelievedWhileWeCrossOverFromChargingToDischarging) {
  const auto slopes = [](double before_w, double after_w) {
    const auto own = [&](double t) { return t < 10.4 ? before_w : after_w; };
    Bench bench(Momentary(), own);
    std::vector<double> slopes;
    for (int second = 1; second <= 20; ++second) {
      bench.Measured(second, 40 * second + own(second - 0.5));
      slopes.push_back(bench.slope());
    }
    return slopes;
  };
  const std::vector<double> crossing = slopes(200, -150);
  const std::vector<double> within = slopes(200, 100);
  EXPECT_NEAR(crossing[9], 40, 1e-6) << "at 10 s nothing has been told yet";
  EXPECT_EQ(crossing[10], 0) << "the value at 11 s may speak of it";
  EXPECT_NEAR(crossing[15], 40, 1) << "some clear moves later the ramp is one again";
  EXPECT_GE(within[10], 20) << "less of the same is no crossing";
}

}  // namespace
}  // namespace abcds
