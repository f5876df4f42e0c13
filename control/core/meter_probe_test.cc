#include "control/core/meter_probe.h"

#include <gtest/gtest.h>

#include <vector>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""min;

constexpr MonotonicTime kStart{std::chrono::hours(5)};

class MeterProbeTest : public testing::Test {
 protected:
  // Runs until a probe begins or `longest` has passed; how long it took.
  Nanoseconds UntilItBegins(Nanoseconds longest) {
    Nanoseconds waited{0};
    while (waited < longest && !probe_.Step(view_, now_)) {
      now_ += 20ms;
      waited += 20ms;
    }
    return waited;
  }

  // The powers that a probe asks for, each once, in order.
  std::vector<double> RunToItsEnd() {
    std::vector<double> powers;
    while (probe_.Step(view_, now_)) {
      if (powers.empty() || powers.back() != probe_.power().value()) powers.push_back(probe_.power().value());
      view_.setpoint = probe_.power();
      now_ += 20ms;
    }
    return powers;
  }

  MeterProbe probe_{MeterSettings{}};
  MonotonicTime now_ = kStart;
  MeterProbe::View view_{.setpoint = Watts(-600),
                         .settled_by = kStart,
                         .last_answer = kStart,
                         .suspicious = false,
                         .allowed = true};
};

TEST_F(MeterProbeTest, AsksAfterTwentyMinutesWithoutAnAnswer) {
  EXPECT_GT(UntilItBegins(30min), 20min);
  EXPECT_LT(now_ - kStart, 20min + 1s);
}

TEST_F(MeterProbeTest, LowersThePowerAndRaisesItAgain) {
  UntilItBegins(30min);
  EXPECT_EQ(RunToItsEnd(), (std::vector<double>{-450, -600}));
}

TEST_F(MeterProbeTest, LowersACharger) {
  view_.setpoint = Watts(500);
  UntilItBegins(30min);
  EXPECT_EQ(RunToItsEnd(), (std::vector<double>{370, 500}));
}

TEST_F(MeterProbeTest, EachHalfLastsUntilTheMeterCanHaveShownIt) {
  UntilItBegins(30min);
  view_.settled_by = now_ + 2s;
  const MonotonicTime begun = now_;
  while (probe_.Step(view_, now_) && probe_.power() == Watts(-450)) now_ += 20ms;
  // Settled after 2 s; a window of up to (0.5 s + 1 s) × 1.45 and two messages more.
  EXPECT_GT(now_ - begun, 2s + 4s);
  EXPECT_LT(now_ - begun, 2s + 5s);
}

TEST_F(MeterProbeTest, AnswersPutItOff) {
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(UntilItBegins(10min), 10min);
    view_.last_answer = now_;
  }
}

TEST_F(MeterProbeTest, ASuspicionAsksSoon) {
  view_.suspicious = true;
  EXPECT_LT(UntilItBegins(1min), 6s);
}

TEST_F(MeterProbeTest, ValuesThatHaveBecomeStillAreAskedAboutAfterThreeMinutesWithoutAnAnswer) {
  view_.stiller = true;
  EXPECT_GT(UntilItBegins(30min), 3min);
  EXPECT_LT(now_ - kStart, 3min + 1s);
}

TEST_F(MeterProbeTest, AStayAtALimitIsAskedAboutOnceItLasts) {
  UntilItBegins(10min);
  view_.at_limit = true;
  view_.setpoint = Watts(-500);
  const Nanoseconds asked = UntilItBegins(10min);
  EXPECT_GE(asked, 3min);
  EXPECT_LT(asked, 3min + 1s);
}

TEST_F(MeterProbeTest, AnUnclearAnswerIsAskedForAgainAClearOneIsNot) {
  view_.at_limit = true;
  view_.last_answer = kStart - 1s;
  UntilItBegins(4min);
  RunToItsEnd();
  view_.setpoint = Watts(-600);
  const Nanoseconds again = UntilItBegins(2min);
  EXPECT_GT(again, 50s);
  EXPECT_LT(again, 2min);
  RunToItsEnd();
  view_.setpoint = Watts(-600);
  view_.last_answer = now_;
  EXPECT_EQ(UntilItBegins(15min), 15min);
}

TEST_F(MeterProbeTest, PowerThatMovesIsNotProbed) {
  view_.suspicious = true;
  for (int i = 0; i < 100; ++i) {
    view_.setpoint = Watts(i % 2 == 0 ? -600 : -550);
    EXPECT_EQ(UntilItBegins(4s), 4s);
  }
}

TEST_F(MeterProbeTest, LittlePowerIsLeftAlone) {
  view_.setpoint = Watts(-259);
  EXPECT_EQ(UntilItBegins(30min), 30min);
}

TEST_F(MeterProbeTest, WhatForbidsItEndsIt) {
  UntilItBegins(30min);
  view_.allowed = false;
  EXPECT_FALSE(probe_.Step(view_, now_));
  EXPECT_FALSE(probe_.active());
}

TEST_F(MeterProbeTest, AMeterThatNeverSpokeIsNotAsked) {
  view_.last_answer = MonotonicTime::min();
  EXPECT_EQ(UntilItBegins(30min), 30min);
}

}  // namespace
}  // namespace abcds
