#include "control/core/follow_judge.h"

#include <gtest/gtest.h>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// 600 W, there within 1.75 s by the configuration, 4.5 s with all that may be wrong.
ConverterSettings Device() {
  ConverterSettings settings;
  settings.discharges = true;
  settings.max_discharge = Watts(600);
  settings.response.dead_time = 250ms;
  settings.response.start_delay = 500ms;
  settings.response.readback_latency = 0ms;
  settings.response.ramp_up = settings.response.ramp_down = WattsPerSecond(600);
  return settings;
}

class Bench {
 public:
  void Run(double seconds, double told, double reading, bool may_deliver_less = false) {
    for (int i = 0; i < seconds * 10; ++i) {
      now += 100ms;
      const Sample<Watts> sample{Watts(reading), reads ? now : now - 10s, true};
      judge.Step({.told = Watts(told), .reading = sample, .may_deliver_less = may_deliver_less}, now);
    }
  }
  MonotonicTime now{1000s};
  bool reads = true;
  FollowJudge judge{Device()};
};

struct Case {
  const char* name;
  double told_w;
  double reading_w;
  bool may_deliver_less;
  bool suspended;
  double most_w;   // 0: no limit
};

class FollowJudgeTest : public testing::TestWithParam<Case> {};

TEST_P(FollowJudgeTest, AfterTwentySeconds) {
  const Case& c = GetParam();
  Bench bench;
  bench.Run(20, c.told_w, c.reading_w, c.may_deliver_less);
  EXPECT_EQ(bench.judge.suspended(), c.suspended);
  if (c.most_w == 0) EXPECT_GT(bench.judge.most(), Watts(1e6));
  else EXPECT_EQ(bench.judge.most().value(), c.most_w);
  EXPECT_EQ(bench.judge.off(), c.suspended || c.most_w > 0);
}

INSTANTIATE_TEST_SUITE_P(Readings, FollowJudgeTest, testing::Values(
    //   name                             told  reading less   suspended most
    Case{"DoesWhatItIsTold",              -400,  -395, false,  false,      0},
    Case{"SixtyWattsAreItsOwnAffair",     -400,  -340, false,  false,      0},
    Case{"SomeOfItIsALimit",              -400,  -300, false,  false,    330},
    Case{"NextToNothingIsAFailure",       -400,   -39, false,  true,       0},
    Case{"NothingToo",                    -400,     0, false,  true,       0},
    Case{"MoreThanToldToo",               -200,  -400, false,  true,       0},
    Case{"TheOtherWayToo",                -200,   200, false,  true,       0},
    Case{"AndRunningWithoutBeingTold",       0,  -600, false,  true,       0},
    Case{"AFullBatteryTakesLittle",        400,    10, true,   false,      0},
    Case{"ButDoesNotGive",                 400,  -100, true,   true,       0}),
    [](const auto& row) { return row.param.name; });

TEST(FollowJudgeTest, WhatItWasToldWhileItCouldBeUnderWayCounts) {
  Bench bench;
  for (int i = 0; i < 40; ++i) {  // chased up and down each second: in between is where it can be
    bench.Run(1, -500, -300);
    bench.Run(1, -100, -300);
  }
  EXPECT_FALSE(bench.judge.off());
}

TEST(FollowJudgeTest, ANoisyWishHidesNoDeadDevice) {
  Bench bench;
  for (int i = 0; i < 20; ++i) {
    bench.Run(1, -400, 0);
    bench.Run(1, -300, 0);
  }
  EXPECT_TRUE(bench.judge.suspended());
}

TEST(FollowJudgeTest, ItIsTriedAgainAfterEverLongerPausesOnceItRests) {
  Bench bench;
  bench.Run(20, -400, -600);
  ASSERT_TRUE(bench.judge.suspended());
  bench.Run(120, 0, -600);
  EXPECT_TRUE(bench.judge.suspended()) << "0 W is not confirmed";
  bench.Run(1, 0, -5);
  EXPECT_FALSE(bench.judge.suspended());
  bench.Run(20, -400, 0);
  ASSERT_TRUE(bench.judge.suspended());
  bench.Run(100, 0, 0);
  EXPECT_TRUE(bench.judge.suspended()) << "the second pause is twice as long";
  bench.Run(25, 0, 0);
  EXPECT_FALSE(bench.judge.suspended());
}

TEST(FollowJudgeTest, HavingFollowedForAWhileItGetsAShortPauseAgain) {
  Bench bench;
  bench.Run(20, -400, 0);
  bench.Run(70, 0, 0);
  bench.Run(80, -400, -400);
  bench.Run(20, -400, 0);
  ASSERT_TRUE(bench.judge.suspended());
  bench.Run(62, 0, 0);
  EXPECT_FALSE(bench.judge.suspended());
}

TEST(FollowJudgeTest, ALimitIsForgottenAfterAWhile) {
  Bench bench;
  bench.Run(15, -400, -200);
  ASSERT_EQ(bench.judge.most(), Watts(230));
  bench.Run(185, -230, -200);
  EXPECT_GT(bench.judge.most(), Watts(1e6));
}

TEST(FollowJudgeTest, SilenceIsNotItsAffair) {
  Bench bench;
  bench.reads = false;
  bench.Run(60, -400, 0);
  EXPECT_FALSE(bench.judge.off());
}

TEST(FollowJudgeTest, WithoutReadingsNothingCanBeSaid) {
  ConverterSettings settings = Device();
  settings.reports_power = false;
  Bench bench;
  bench.judge = FollowJudge(settings);
  bench.Run(60, -400, 0);
  EXPECT_FALSE(bench.judge.off());
}

}  // namespace
}  // namespace abcds
