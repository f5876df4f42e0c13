// What a charger draws, learned from a battery's current that is noisy, slow, and shared with others.
#include "control/core/power_learner.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>

namespace abcds {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kVolts = 52;

// A battery beside a charger that is switched, and another converter. What a row spoils is a field.
struct Battery {
  double real_w = 600;       // AC, while it is on
  double noise_w = 0;        // at the battery, each sample, up to ±
  double interval_s = 1;     // of the BMS
  double drift_w_per_s = 0;  // of what else hangs on the battery
  double other_w = 0;        // another converter, at the battery
  double other_shown = 1;    // what the plant believes of it, as a factor
  Watts other_assumed;
  bool answers = true;

  // Lets `duration` pass with the charger in this state.
  void Run(bool on, double duration_s) {
    for (int i = 0; i < duration_s * 10; ++i) {
      now += milliseconds(100);
      // It needs 3 s to start; the switch is seen with a delay of up to 2 s.
      if (on != on_) on_since_ = now;
      on_ = on;
      const bool full = on && now - on_since_ > seconds(3);
      const bool seen = now - on_since_ > seconds(2) ? on : !on;
      drift_ += drift_w_per_s * 0.1;
      if (now >= due_) {
        due_ = now + FromSeconds(interval_s);
        const double noise = noise_w * (static_cast<double>(random_() % 2001) / 1000.0 - 1);
        const double watts = (full ? real_w * 0.92 : 0) + other_w + drift_ + noise;
        battery.present = true;
        battery.voltage = {Volts(kVolts), now, true};
        battery.current = {Amperes(watts / kVolts), now, true};
      }
      const Watts others(other_w * other_shown);
      learner.Step(battery,
                   {.may_learn = answers,
                    .known = true,
                    .on = seen,
                    .others = {others, others},
                    .others_assumed = other_assumed,
                    .efficiency = 0.92,
                    .most = Watts(2500)},
                   now);
    }
  }
  void Switch(int times, double each_s = 60) {
    for (int i = 0; i < times; ++i) Run(i % 2 == 0, each_s);
  }
  double Learned() const { return learner.learned().value(); }

  PowerLearner learner;
  BatteryInput battery;
  MonotonicTime now{seconds(1000)};

 private:
  std::mt19937_64 random_{7};
  MonotonicTime due_{seconds(1000)};
  MonotonicTime on_since_{seconds(0)};
  bool on_ = false;
  double drift_ = 0;
};

TEST(PowerLearnerTest, ThreeSwitchingsAreEnoughAndFewerAreNot) {
  Battery b;
  b.Run(false, 60);
  b.Switch(2);
  EXPECT_EQ(b.Learned(), 0);
  b.Run(true, 60);
  EXPECT_NEAR(b.Learned(), 600, 1);
}

struct Case {
  std::string name;
  double real_w;
  double noise_w;
  double interval_s;
  double drift_w_per_s;
  double within_w;
};
class LearnTest : public testing::TestWithParam<Case> {};

TEST_P(LearnTest, LearnsThePower) {
  const Case& row = GetParam();
  Battery b;
  b.real_w = row.real_w;
  b.noise_w = row.noise_w;
  b.interval_s = row.interval_s;
  b.drift_w_per_s = row.drift_w_per_s;
  b.Run(false, 60);
  b.Switch(9);
  EXPECT_NEAR(b.Learned(), row.real_w, row.within_w);
}

INSTANTIATE_TEST_SUITE_P(Learner, LearnTest, testing::Values(
    //   name                            real noise interval drift within
    Case{"WithoutNoise",                   600,   0,      1,    0,    1},
    Case{"NoiseOfTheSensor",               600,  60,      1,    0,   40},
    Case{"SlowBms",                        600,   0,      5,    0,    1},
    Case{"SlowAndNoisy",                   300,  25,      5,    0,   30},
    Case{"SmallCharger",                    60,   4,      1,    0,    5},
    Case{"LargeCharger",                  2300,  40,      1,    0,   45},
    Case{"SunOnAnotherChargerComesUp",     600,   0,      1,  0.5,   20}),
    [](const auto& info) { return info.param.name; });

TEST(PowerLearnerTest, AnotherConverterThatStandsStillIsNoPartOfIt) {
  Battery b;
  b.other_w = -400;
  b.Run(false, 60);
  b.Switch(5);
  EXPECT_NEAR(b.Learned(), 600, 1);
}

TEST(PowerLearnerTest, WhatAnotherConverterGivesUpForItIsTakenOff) {
  Battery b;
  for (int i = 0; i < 6; ++i) {
    b.other_w = i % 2 == 0 ? 700 : 200;
    b.Run(i % 2 != 0, 60);
  }
  EXPECT_NEAR(b.Learned(), 600, 1);
}

TEST(PowerLearnerTest, WhileAnotherConverterMovesNothingIsLearned) {
  Battery b;
  for (int i = 0; i < 20 * 60; ++i) {
    b.other_w = 100 + 80 * (i % 2);
    b.Run((i / 60) % 2 != 0, 1);
  }
  EXPECT_EQ(b.Learned(), 0);
}

TEST(PowerLearnerTest, AnotherWhosePowerIsAssumedToBlursIt) {
  Battery b;
  for (int i = 0; i < 12; ++i) {
    const bool on = i % 2 != 0;
    b.other_w = on ? 300 : 0;  // switched with it, and really twice of what is assumed
    b.other_shown = 0.5;
    b.other_assumed = Watts(on ? 150 : 0);
    b.Run(on, 60);
  }
  EXPECT_EQ(b.Learned(), 0);
}

TEST(PowerLearnerTest, ObservationsThatDisagreeAreNotLearned) {
  Battery b;
  b.Run(false, 60);
  for (const double watts : {600.0, 300.0, 900.0}) {
    b.real_w = watts;
    b.Switch(2);
  }
  EXPECT_EQ(b.Learned(), 0);
}

TEST(PowerLearnerTest, AnotherChargerBehindThePlugIsLearnedAnew) {
  Battery b;
  b.learner.Restore(Watts(600));
  EXPECT_EQ(b.Learned(), 600);
  b.real_w = 250;
  b.Run(false, 60);
  b.Switch(5);
  EXPECT_NEAR(b.Learned(), 250, 1);
}

TEST(PowerLearnerTest, WhatIsKnownDoesNotWander) {
  Battery b;
  b.real_w = 615;
  b.learner.Restore(Watts(600));
  b.Run(false, 60);
  b.Switch(9);
  EXPECT_EQ(b.Learned(), 600);
}

TEST(PowerLearnerTest, WhatCannotBeAChargerIsNotLearned) {
  for (const double watts : {-600.0, 0.0, 10.0, 2900.0}) {
    Battery b;
    b.real_w = watts;
    b.Run(false, 60);
    b.Switch(9);
    EXPECT_EQ(b.Learned(), 0) << watts;
  }
}

TEST(PowerLearnerTest, ShortBurstsAreNotJudged) {
  Battery b;
  b.Run(false, 60);
  b.Switch(20, 14);
  EXPECT_EQ(b.Learned(), 0);
}

TEST(PowerLearnerTest, WhileAnotherIsSilentNothingIsLearned) {
  Battery b;
  b.answers = false;
  b.Run(false, 60);
  b.Switch(9);
  EXPECT_EQ(b.Learned(), 0);
}

TEST(PowerLearnerTest, SilenceOfTheBmsIsNoBefore) {
  Battery b;
  b.Run(false, 60);
  for (int i = 0; i < 6; ++i) {
    b.interval_s = 100;  // silent across each switching
    b.Run(i % 2 == 0, 20);
    b.interval_s = 1;
    b.Run(i % 2 == 0, 60);
    b.interval_s = 100;
    b.Run(i % 2 == 0, 20);
  }
  EXPECT_EQ(b.Learned(), 0);
}

}  // namespace
}  // namespace abcds
