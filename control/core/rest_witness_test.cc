#include "control/core/rest_witness.h"

#include <gtest/gtest.h>

#include <functional>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using Verdict = RestWitness::Verdict;

constexpr double kVolts = 25.0;
constexpr RestWitness::Silent kNobody{};
constexpr RestWitness::Silent kInverter{.who = 1, .count = 1, .can_charge = false, .can_discharge = true};
constexpr RestWitness::Silent kCharger{.who = 2, .count = 1, .can_charge = true, .can_discharge = false};
constexpr RestWitness::Silent kBoth{.who = 3, .count = 2, .can_charge = true, .can_discharge = true};

// A BMS that speaks once a second, a cycle ten times as often.
class Bench {
 public:
  // `battery_w` flows into the battery, of which the answering converters explain something between `low` and `high`.
  void Run(double seconds, const RestWitness::Silent& silent, double battery_w, double low, double high) {
    for (int i = 0; i < seconds * 10; ++i) {
      now += 100ms;
      if (speaks && ++cycle % 10 == 0) {
        battery.voltage = {Volts(kVolts), now, true};
        battery.current = {Amperes(battery_w / kVolts), now, true};
      }
      witness.Update(battery, {Watts(low), Watts(high)}, silent, now);
    }
  }
  MonotonicTime now{1000s};
  BatteryInput battery = [] {
    BatteryInput input;
    input.present = true;
    return input;
  }();
  RestWitness witness;
  bool speaks = true;
  int cycle = 0;
};

struct Case {
  const char* name;
  RestWitness::Silent silent;
  double battery_w;   // into the battery
  double low_w;       // what the others explain
  double high_w;
  Verdict charging;
  Verdict discharging;
};

class RestWitnessTest : public testing::TestWithParam<Case> {};

TEST_P(RestWitnessTest, ConcludesAfterSomeSeconds) {
  const Case& c = GetParam();
  Bench bench;
  bench.Run(12, c.silent, c.battery_w, c.low_w, c.high_w);
  EXPECT_EQ(bench.witness.charging(), c.charging);
  EXPECT_EQ(bench.witness.discharging(), c.discharging);
}

INSTANTIATE_TEST_SUITE_P(Sums, RestWitnessTest, testing::Values(
    //   name                                    silent     battery  explained    charging           discharging
    Case{"AllIsExplained",                       kInverter,  400,     390, 410,   Verdict::kAtRest,  Verdict::kAtRest},
    Case{"SomethingIsTakenOut",                  kInverter,  100,     390, 410,   Verdict::kAtRest,  Verdict::kRuns},
    Case{"SomethingIsPutIn",                     kCharger,  -100,    -410, -390,  Verdict::kRuns,    Verdict::kAtRest},
    Case{"ALittleIsNoConverter",                 kInverter,  -39,       0, 0,     Verdict::kAtRest,  Verdict::kAtRest},
    Case{"MoreMayBeALamp",                       kInverter,  -99,       0, 0,     Verdict::kAtRest,  Verdict::kNone},
    Case{"MuchMoreIsNot",                        kInverter, -101,       0, 0,     Verdict::kAtRest,  Verdict::kRuns},
    Case{"OthersThatMoveExplainNothing",         kInverter,  100,       0, 200,   Verdict::kNone,    Verdict::kNone},
    Case{"ButTooMuchIsTooMuch",                  kInverter, -150,       0, 200,   Verdict::kAtRest,  Verdict::kRuns},
    Case{"TwoThatMayCancelEachOther",            kBoth,        0,       0, 0,     Verdict::kNone,    Verdict::kNone},
    Case{"OneOfThemCertainlyRuns",               kBoth,     -200,       0, 0,     Verdict::kNone,    Verdict::kRuns}),
    [](const auto& row) { return row.param.name; });

TEST(RestWitnessTest, NeedsSomeSecondsOfAgreement) {
  Bench bench;
  bench.Run(4.5, kInverter, 0, 0, 0);
  EXPECT_EQ(bench.witness.discharging(), Verdict::kNone);
  bench.Run(3, kInverter, 0, 0, 0);
  EXPECT_EQ(bench.witness.discharging(), Verdict::kAtRest);
}

TEST(RestWitnessTest, AProofStandsUntilTheContraryIsProven) {
  Bench bench;
  bench.Run(10, kInverter, 0, 0, 0);
  bench.Run(10, kInverter, 100, 0, 200);
  EXPECT_EQ(bench.witness.discharging(), Verdict::kAtRest);
  bench.Run(10, kInverter, -300, 0, 0);
  EXPECT_EQ(bench.witness.discharging(), Verdict::kRuns);
}

TEST(RestWitnessTest, AnotherSilenceStartsOver) {
  Bench bench;
  bench.Run(10, kInverter, 0, 0, 0);
  bench.Run(1, kBoth, 0, 0, 0);
  EXPECT_EQ(bench.witness.discharging(), Verdict::kNone);
}

TEST(RestWitnessTest, ASilentBmsTakesItsWordBack) {
  Bench bench;
  bench.Run(10, kInverter, 0, 0, 0);
  bench.speaks = false;
  bench.Run(4.5, kInverter, 0, 0, 0);
  EXPECT_EQ(bench.witness.discharging(), Verdict::kAtRest);
  bench.Run(1.5, kInverter, 0, 0, 0);
  EXPECT_EQ(bench.witness.discharging(), Verdict::kNone);
}

TEST(RestWitnessTest, WhatElseHangsOnTheBatteryIsLearnedWhileAllRest) {
  Bench bench;
  bench.Run(60, kNobody, -120, 0, 0);
  bench.Run(10, kInverter, -120, 0, 0);
  EXPECT_EQ(bench.witness.discharging(), Verdict::kAtRest);
  bench.Run(10, kInverter, -420, 0, 0);
  EXPECT_EQ(bench.witness.discharging(), Verdict::kRuns);
}

TEST(RestWitnessTest, NotWhileSomebodyRuns) {
  Bench bench;
  bench.Run(60, kNobody, -420, -300, -300);  // an efficiency that is not what we believe is no lamp
  bench.Run(10, kInverter, -120, 0, 0);
  EXPECT_EQ(bench.witness.discharging(), Verdict::kRuns);
}

TEST(RestWitnessTest, WithoutABmsItSaysNothing) {
  Bench bench;
  bench.battery.present = false;
  bench.Run(20, kInverter, 0, 0, 0);
  EXPECT_EQ(bench.witness.discharging(), Verdict::kNone);
}

}  // namespace
}  // namespace abcds
