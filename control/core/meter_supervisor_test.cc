#include "control/core/meter_supervisor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

MonotonicTime At(double seconds) { return MonotonicTime(1000s) + FromSeconds(seconds); }
PowerInterval Exactly(double watts) { return {Watts(watts), Watts(watts)}; }

MeterSettings Every(double interval_s, double latency_s = 0.5) {
  MeterSettings settings;
  settings.interval = FromSeconds(interval_s);
  settings.latency = FromSeconds(latency_s);
  settings.timing_uncertainty = 0.45;
  return settings;
}

// DESIGN section 5: reduce from max(3T, 3 s), 0 W by max(10 s, 3T + latency and its uncertainty).
struct SilenceCase {
  const char* name;
  double interval_s;
  double latency_s;
  double age_s;
  double low;   // bounds of the authority
  double high;
};

class SilenceTest : public testing::TestWithParam<SilenceCase> {};

TEST_P(SilenceTest, AuthorityFallsWithTheAgeOfTheLastValue) {
  const SilenceCase& c = GetParam();
  MeterSupervisor supervisor(Every(c.interval_s, c.latency_s));
  supervisor.Measured(Watts(100), Exactly(0), At(0));
  EXPECT_GE(supervisor.Authority(At(c.age_s)), c.low);
  EXPECT_LE(supervisor.Authority(At(c.age_s)), c.high);
  EXPECT_EQ(supervisor.Silent(At(c.age_s)), c.high == 0.0);
}

INSTANTIATE_TEST_SUITE_P(Ages, SilenceTest, testing::Values(
    //          name                              T  latency    age   low   high
    SilenceCase{"EverySecondAFreshValueIsFull",    1,   0.5,    0.0,    1,    1},
    SilenceCase{"EverySecondFullAtThreeSeconds",   1,   0.5,    3.0,    1,    1},
    SilenceCase{"EverySecondLessAfterwards",       1,   0.5,    3.1,  0.9, 0.99},
    SilenceCase{"EverySecondHalfWay",              1,   0.5,    6.0, 0.45, 0.55},
    SilenceCase{"EverySecondALittleLeft",          1,   0.5,    8.5, 0.01, 0.15},
    SilenceCase{"EverySecondNothingByTen",         1,   0.5,   10.0,    0,    0},
    SilenceCase{"TwiceASecondStillThreeSeconds",  0.5,  0.2,    3.0,    1,    1},
    SilenceCase{"EveryTwoFullAtSix",               2,   0.5,    6.0,    1,    1},
    SilenceCase{"EveryTwoLessAfterwards",          2,   0.5,    6.2,  0.9, 0.99},
    SilenceCase{"EveryTwoNothingByTen",            2,   0.5,   10.0,    0,    0},
    SilenceCase{"EveryTenFullAtThirty",           10,   0.5,   30.0,    1,    1},
    SilenceCase{"EveryTenLessAfterwards",         10,   0.5,  30.18, 0.01, 0.99},
    SilenceCase{"EveryTenNothingByThirtyPlusLatency", 10, 0.5, 30.725,  0,    0},
    SilenceCase{"ALongLatencyHasItsTime",         10,   4.0,   34.0, 0.01, 0.99},
    SilenceCase{"ALongLatencyEndsToo",            10,   4.0,   35.8,    0,    0},
    SilenceCase{"AnHourLater",                     1,   0.5, 3600.0,    0,    0}),
    [](const auto& row) { return row.param.name; });

TEST(MeterSupervisorTest, WithoutAValueThereIsNoAuthority) {
  MeterSupervisor supervisor(Every(1));
  EXPECT_TRUE(supervisor.waiting());
  EXPECT_EQ(supervisor.Authority(At(0)), 0.0);
  EXPECT_EQ(supervisor.NextExpected(At(0)), MonotonicTime::min());
}

TEST(MeterSupervisorTest, AuthorityNeverGrowsWithAge) {
  for (const double interval : {0.5, 1.0, 2.0, 5.0, 10.0, 60.0}) {
    MeterSupervisor supervisor(Every(interval));
    supervisor.Measured(Watts(1), Exactly(0), At(0));
    double before = 1.0;
    for (double age = 0; age < 4 * interval + 12; age += 0.1) {
      const double authority = supervisor.Authority(At(age));
      ASSERT_LE(authority, before) << "interval " << interval << " s, age " << age << " s";
      before = authority;
    }
    EXPECT_EQ(before, 0.0);
  }
}

TEST(MeterSupervisorTest, ANewValueBringsFullAuthorityBack) {
  MeterSupervisor supervisor(Every(1));
  supervisor.Measured(Watts(1), Exactly(0), At(0));
  ASSERT_TRUE(supervisor.Silent(At(60)));
  supervisor.Measured(Watts(2), Exactly(0), At(60));
  EXPECT_EQ(supervisor.Authority(At(60)), 1.0);
}

TEST(MeterSupervisorTest, ResetVoidsTheLastValue) {
  MeterSupervisor supervisor(Every(1));
  supervisor.Measured(Watts(1), Exactly(0), At(0));
  supervisor.Reset();
  EXPECT_TRUE(supervisor.waiting());
  EXPECT_TRUE(supervisor.Silent(At(0.1)));
}

TEST(MeterSupervisorTest, TheNextValueIsExpectedAnIntervalLaterWhileTheyCome) {
  MeterSupervisor supervisor(Every(2));
  supervisor.Measured(Watts(1), Exactly(0), At(0));
  EXPECT_EQ(supervisor.NextExpected(At(1)), At(2));
  EXPECT_EQ(supervisor.NextExpected(At(6)), At(2));
  EXPECT_EQ(supervisor.NextExpected(At(6.1)), MonotonicTime::min());
}

// ---- Frozen values ----

struct FrozenCase {
  const char* name;
  double interval_s;
  std::vector<PowerInterval> own;  // one per value of 100 W
  bool want;
};

class FrozenTest : public testing::TestWithParam<FrozenCase> {};

TEST_P(FrozenTest, RepeatedValuesAreHeldAgainstOurOwnMovement) {
  const FrozenCase& c = GetParam();
  MeterSupervisor supervisor(Every(c.interval_s));
  double at = 0;
  for (const PowerInterval& own : c.own) supervisor.Measured(Watts(100), own, At(at += c.interval_s));
  EXPECT_EQ(supervisor.frozen(), c.want);
  EXPECT_LE(at, 60) << "the promise: suspected within 60 s";
}

const PowerInterval kZero = Exactly(0);
const PowerInterval kWide{Watts(-150), Watts(0)};

INSTANTIATE_TEST_SUITE_P(Sequences, FrozenTest, testing::Values(
    FrozenCase{"ASteadyGridIsNot",                  1, {kZero, kZero, kZero, kZero, kZero, kZero, kZero}, false},
    FrozenCase{"OwnStepOf150W",                     1, {kZero, kZero, kZero, kZero, Exactly(-150)}, true},
    FrozenCase{"OwnStepOf100W",                     1, {kZero, kZero, kZero, kZero, Exactly(100)}, true},
    FrozenCase{"OwnStepOf90WIsTooLittle",           1, {kZero, kZero, kZero, kZero, Exactly(-90)}, false},
    FrozenCase{"ThreeRepeatsAreTooFew",             1, {kZero, kZero, kZero, Exactly(-150)}, false},
    FrozenCase{"SmallStepsAddUp",                   1,
               {kZero, Exactly(-40), Exactly(-80), Exactly(-120), Exactly(-120)}, true},
    FrozenCase{"ThereAndBackCounts",                1, {kZero, Exactly(-150), kZero, kZero, kZero}, true},
    FrozenCase{"AStepThatMayNotHaveShownYetDoesNot", 1, {kZero, kWide, kWide, kWide, kWide, kWide}, false},
    FrozenCase{"AMeterOfTenSeconds",               10, {kZero, kZero, kZero, kZero, Exactly(-150)}, true}),
    [](const auto& row) { return row.param.name; });

TEST(MeterSupervisorTest, AMovingValueIsNotFrozenWhateverWeDo) {
  MeterSupervisor supervisor(Every(1));
  for (int i = 0; i < 50; ++i) {
    supervisor.Measured(Watts(100 + i % 2), Exactly(i % 3 * 300), At(i));
    ASSERT_FALSE(supervisor.frozen());
  }
}

TEST(MeterSupervisorTest, FrozenEndsWhenTheValueMoves) {
  MeterSupervisor supervisor(Every(1));
  for (int i = 0; i < 6; ++i) supervisor.Measured(Watts(100), Exactly(i < 3 ? 0 : -200), At(i));
  ASSERT_TRUE(supervisor.frozen());
  supervisor.Measured(Watts(101), Exactly(0), At(7));
  EXPECT_FALSE(supervisor.frozen());
}

TEST(MeterSupervisorTest, WhatWeDidInAGapIsNotHeldAgainstTheMeter) {
  MeterSupervisor supervisor(Every(1));
  for (int i = 0; i < 4; ++i) supervisor.Measured(Watts(100), kZero, At(i));
  supervisor.Measured(Watts(100), Exactly(-300), At(60));
  EXPECT_FALSE(supervisor.frozen());
}

// ---- Sign and unit ----

struct StepsCase {
  const char* name;
  double factor;         // what the meter shows of a watt
  double step_w;         // of our own power
  double width_w;        // how well our own power is known
  double house_share;    // the house moves by this share of our step, at the same time
  int steps;
  bool want;
};

class DisagreementTest : public testing::TestWithParam<StepsCase> {};

TEST_P(DisagreementTest, OwnStepsMustShowOnTheMeter) {
  const StepsCase& c = GetParam();
  MeterSupervisor supervisor(Every(1));
  const double house = 400;
  double own = 0;
  double at = 0;
  double moved = 0;
  auto measure = [&] {
    const PowerInterval known{Watts(own - c.width_w / 2), Watts(own + c.width_w / 2)};
    supervisor.Measured(Watts(c.factor * (house + moved + own)), known, At(at += 1));
  };
  measure();
  measure();
  for (int i = 0; i < c.steps; ++i) {
    ASSERT_FALSE(supervisor.disagrees()) << "after " << i << " steps";
    const double step = i % 2 == 0 ? -c.step_w : c.step_w;
    own += step;
    moved += step * c.house_share;
    measure();
    measure();
  }
  EXPECT_EQ(supervisor.disagrees(), c.want);
}

INSTANTIATE_TEST_SUITE_P(Hypotheses, DisagreementTest, testing::Values(
    //        name                                   factor  step width house steps  want
    StepsCase{"ARightMeterNever",                         1,  300,   0,    0,   20, false},
    StepsCase{"AFlippedOneInThreeSteps",                 -1,  300,   0,    0,    3, true},
    StepsCase{"NotInTwo",                                -1,  300,   0,    0,    2, false},
    StepsCase{"FromStepsOf100W",                         -1,  100,   0,    0,    3, true},
    StepsCase{"StepsOf90WProveNothing",                  -1,   90,   0,    0,   20, false},
    StepsCase{"KilowattsForWatts",                    0.001,  300,   0,    0,    3, true},
    StepsCase{"KilowattsForWattsFlipped",            -0.001,  300,   0,    0,    3, true},
    StepsCase{"MilliwattsForWatts",                    1000,  300,   0,    0,    3, true},
    StepsCase{"MilliwattsFlipped",                    -1000,  300,   0,    0,    3, true},
    StepsCase{"KnownWellEnough",                         -1,  300,  40,    0,    3, true},
    StepsCase{"NotWhereOurOwnPowerIsUncertain",          -1,  300, 100,    0,   20, false},
    StepsCase{"TheHouseAnsweringALittleIsFine",           1,  300,   0, -0.25,  20, false},
    StepsCase{"TheHouseHidingOurStepsIsUnclear",          1,  300,   0,   -1,   20, false},
    StepsCase{"OrAllButAThousandthOfThem",                1,  300,   0, -0.999, 20, false},
    StepsCase{"FlippedThroughSomeHouse",                 -1,  300,   0,  0.2,    3, true}),
    [](const auto& row) { return row.param.name; });

TEST(MeterSupervisorTest, OneGoodStepInBetweenStartsTheCountAgain) {
  MeterSupervisor supervisor(Every(1));
  const double signs[] = {-1, -1, 1, -1, -1};
  double grid = 400;
  double own = 0;
  double at = 0;
  supervisor.Measured(Watts(grid), Exactly(own), At(at += 1));
  supervisor.Measured(Watts(grid), Exactly(own), At(at += 1));
  for (const double sign : signs) {
    own -= 200;
    grid -= sign * 200;
    supervisor.Measured(Watts(grid), Exactly(own), At(at += 1));
    supervisor.Measured(Watts(grid + 1), Exactly(own), At(at += 1));
  }
  EXPECT_FALSE(supervisor.disagrees());
}

TEST(MeterSupervisorTest, AStepIsJudgedWhenItIsCompleteNotUnderWay) {
  MeterSupervisor supervisor(Every(1));
  double at = 0;
  supervisor.Measured(Watts(400), Exactly(0), At(at += 1));
  supervisor.Measured(Watts(400), Exactly(0), At(at += 1));
  // A right meter that shows each step late: by half of it, for one value whose own power is uncertain.
  double own = 0;
  for (int i = 0; i < 20; ++i) {
    const double next = i % 2 == 0 ? -300 : 0;
    const PowerInterval wide{Watts(std::min(own, next)), Watts(std::max(own, next))};
    supervisor.Measured(Watts(400 + own), wide, At(at += 1));
    own = next;
    supervisor.Measured(Watts(400 + own), Exactly(own), At(at += 1));
    ASSERT_FALSE(supervisor.disagrees());
  }
}

// A heater that pulses, and a converter that follows each value by the next: our steps and the house's are of one size.
TEST(MeterSupervisorTest, PulsesOfTheHouseDoNotFakeAWrongMeter) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "replay with seed " << seed);
    std::mt19937_64 random(seed);
    auto up_to = [&](uint64_t n) { return static_cast<double>(random() % n); };
    MeterSupervisor supervisor(Every(1));
    const double base = 50 + up_to(400);
    const double pulse = 100 + up_to(2500);
    const double most = 300 + up_to(1200);
    const uint64_t one_in = 1 + random() % 8;
    const bool halves = random() % 2 == 0;  // the meter's window cuts pulses in two
    double house = base;
    double own = 0;
    for (int i = 0; i < 3600; ++i) {
      const double before = house;
      if (random() % one_in == 0) house = house > base ? base : base + pulse;
      const double shown = halves ? (before + house) / 2 : house;
      supervisor.Measured(Watts(shown + own + up_to(9) - 4), Exactly(own), At(i));
      ASSERT_FALSE(supervisor.disagrees()) << "at " << i << " s";
      own = -std::clamp(shown, 0.0, most);
    }
  }
}

TEST(MeterSupervisorTest, ADisagreementStaysUntilItIsCleared) {
  MeterSupervisor supervisor(Every(1));
  double own = 0;
  for (int i = 0; i < 10; ++i) {
    own = i / 2 % 2 == 0 ? 0 : -300;
    supervisor.Measured(Watts(-400 - own), Exactly(own), At(i));
  }
  ASSERT_TRUE(supervisor.disagrees());
  supervisor.Measured(Watts(500), Exactly(0), At(11));
  supervisor.Reset();
  EXPECT_TRUE(supervisor.disagrees());
  supervisor.ClearDisagreement();
  EXPECT_FALSE(supervisor.disagrees());
  // And two steps of the same kind are again too few.
  for (int i = 20; i < 26; ++i) {
    own = i / 2 % 2 == 0 ? 0 : -300;
    supervisor.Measured(Watts(-400 - own), Exactly(own), At(i));
  }
  EXPECT_FALSE(supervisor.disagrees());
}

// A value each second, alternately up and down by `stir`, our power standing.
void Stir(MeterSupervisor& meter, MonotonicTime& now, double stir, int seconds) {
  for (int i = 0; i < seconds; ++i) {
    now += 1s;
    const bool even = now.time_since_epoch() / 1s % 2 == 0;
    meter.Measured(Watts(even ? stir : -stir), {Watts(-500), Watts(-500)}, now);
  }
}

TEST(StillerTest, NoticesThatValuesShrankAThousandfold) {
  MeterSupervisor meter{MeterSettings{}};
  MonotonicTime now(1000s);
  Stir(meter, now, 2, 300);
  EXPECT_FALSE(meter.stiller());
  Stir(meter, now, 0.002, 30);
  EXPECT_FALSE(meter.stiller()) << "half a minute of rest is nothing";
  Stir(meter, now, 0.002, 90);
  EXPECT_TRUE(meter.stiller());
  Stir(meter, now, 2, 5);
  EXPECT_FALSE(meter.stiller());
}

TEST(StillerTest, ACalmerHouseAndOneThatWasAlwaysStillAreNone) {
  for (const double before : {20.0, 0.2}) {
    SCOPED_TRACE(testing::Message() << before << " W");
    MeterSupervisor meter{MeterSettings{}};
    MonotonicTime now(1000s);
    Stir(meter, now, before, 1200);
    for (int i = 0; i < 600; ++i) {
      Stir(meter, now, before / 10, 1);
      ASSERT_FALSE(meter.stiller());
    }
  }
}

}  // namespace
}  // namespace abcds
