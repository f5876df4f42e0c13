#include "control/core/other_on_battery.h"

#include <gtest/gtest.h>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr double kVolts = 25.0;

// A BMS that speaks once a second, a cycle ten times as often.
class Bench {
 public:
  // `battery_w` flows into the battery; ours may be anything between `low` and `high`.
  void Run(double seconds, double battery_w, double low, double high) {
    for (int i = 0; i < seconds * 10; ++i) {
      now += 100ms;
      if (speaks && ++cycle % 10 == 0) {
        battery.voltage = {Volts(kVolts), now, true};
        battery.current = {Amperes(battery_w / kVolts), now, true};
      }
      other.Update(battery, {Watts(low), Watts(high)}, now);
    }
  }
  MonotonicTime now{1000s};
  BatteryInput battery = [] {
    BatteryInput input;
    input.present = true;
    return input;
  }();
  OtherOnBattery other;
  bool speaks = true;
  int cycle = 0;
};

struct Case {
  const char* name;
  double battery_w;  // into the battery
  double low_w;      // ours
  double high_w;
  double other_w;
};

class OtherOnBatteryTest : public testing::TestWithParam<Case> {};

TEST_P(OtherOnBatteryTest, IsWhatOursDoNotExplain) {
  const Case& c = GetParam();
  Bench bench;
  bench.Run(5, c.battery_w, c.low_w, c.high_w);
  EXPECT_NEAR(bench.other.power().value(), c.other_w, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Settled, OtherOnBatteryTest, testing::Values(
    //   name                               battery    low   high  other
    Case{"ASolarChargerAlone",                 1000,     0,     0,   960},
    Case{"ALampAlone",                         -200,     0,     0,  -160},
    Case{"ASensorsOffsetIsNobody",               39,     0,     0,     0},
    Case{"OurChargerAlone",                    1000,   950,  1050,     0},
    Case{"OurChargerWithASolarCharger",        1500,   950,  1050,   410},
    Case{"OurInverterWithASolarCharger",        300,  -700,  -600,   860},
    Case{"OurInverterWithALamp",               -900,  -700,  -600,  -160},
    Case{"ASilentInverterMayExplainIt",        -600,  -650,     0,     0}),
    [](const auto& row) { return row.param.name; });

TEST(OtherOnBatteryTest, AStepOfOurOwnThatTheBmsTellsLateIsNotTakenForOthers) {
  Bench bench;
  bench.Run(5, 0, 0, 0);
  bench.Run(1.5, 0, 1000, 1000);     // ours runs, the BMS still says what was
  EXPECT_EQ(bench.other.power(), Watts(0));
  bench.Run(5, 1000, 1000, 1000);
  EXPECT_EQ(bench.other.power(), Watts(0));
  bench.Run(1.5, 1000, 0, 0);
  EXPECT_EQ(bench.other.power(), Watts(0));
  bench.Run(5, 0, 0, 0);
  EXPECT_EQ(bench.other.power(), Watts(0));
}

TEST(OtherOnBatteryTest, FollowsWhatChangesWhileOursRun) {
  Bench bench;
  bench.Run(5, 1000, 0, 0);
  EXPECT_EQ(bench.other.power(), Watts(960));
  bench.Run(5, 1200, 950, 1050);  // the sun has gone behind a cloud
  EXPECT_EQ(bench.other.power(), Watts(290)) << "at most that";
  bench.Run(5, 2000, 950, 1050);
  EXPECT_EQ(bench.other.power(), Watts(910)) << "at least that";
}

TEST(OtherOnBatteryTest, NoiseDoesNotMoveIt) {
  Bench bench;
  bench.Run(5, 1000, 0, 0);
  for (const double noise : {30, -30, 10, -20, 35, -35}) {
    bench.Run(1, 960 + noise, 0, 0);
    EXPECT_EQ(bench.other.power(), Watts(960));
  }
}

TEST(OtherOnBatteryTest, WhatWasKnownStandsWhileTheBmsIsSilent) {
  Bench bench;
  bench.Run(5, 1000, 0, 0);
  bench.speaks = false;
  bench.Run(20, 0, 0, 0);
  EXPECT_EQ(bench.other.power(), Watts(960));
}

TEST(OtherOnBatteryTest, WithoutABmsNobodyIsKnown) {
  Bench bench;
  bench.battery.present = false;
  bench.Run(5, 1000, 0, 0);
  EXPECT_EQ(bench.other.power(), Watts(0));
}

}  // namespace
}  // namespace abcds
