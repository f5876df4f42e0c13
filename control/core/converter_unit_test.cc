#include "control/core/converter_unit.h"

#include <gtest/gtest.h>

#include <cmath>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

ConverterSettings Bidirectional() {
  ConverterSettings settings;
  settings.charges = settings.discharges = true;
  settings.min_charge = Watts(100);
  settings.max_charge = Watts(800);
  settings.max_discharge = Watts(600);
  settings.efficiency = 0.9;
  settings.response.ramp_up = settings.response.ramp_down = WattsPerSecond(600);
  return settings;
}

class Bench {
 public:
  explicit Bench(const ConverterSettings& settings = Bidirectional()) : unit(settings) {
    input.ready = true;
    input.max_charge = Watts(1000);
    input.max_discharge = Watts(1000);
  }
  void Run(double seconds) {
    for (int i = 0; i < seconds * 10; ++i) {
      now += 100ms;
      if (std::isfinite(reading)) input.power = {Watts(reading), now, true};
      unit.Observe(input, now, 100ms);
      witness.Update({}, {}, {}, now);
      unit.HearWitness(witness, now);
      unit.JudgeFollowing(false, false, now);
    }
  }
  MonotonicTime now{1000s};
  ConverterInput input;
  double reading = 0;
  RestWitness witness;
  ConverterUnit unit;
};

constexpr PowerInterval kNothing{};
constexpr PowerInterval kEverything{Watts(-600), Watts(800)};

TEST(ConverterUnitTest, OneThatIgnoresZeroCertainlyRunsHoweverLittle) {
  Bench bench;
  bench.reading = -43;
  bench.Run(4);
  EXPECT_LE(bench.unit.possible().low, Watts(-43));
  EXPECT_EQ(bench.unit.possible().high, Watts(-43)) << "no wish of ours makes it less";
  EXPECT_LE(bench.unit.View().power.high, Watts(-20));
  bench.reading = -5;
  bench.Run(0.1);
  EXPECT_GT(bench.unit.possible().high, Watts(-20)) << "its reading says that it rests";
}

TEST(ConverterUnitTest, OneThatWasNeverHeardMayDoAnythingAndIsPartOfTheHouse) {
  Bench bench;
  bench.input.ready = false;
  bench.reading = NAN;
  bench.Run(1);
  EXPECT_EQ(bench.unit.possible(), kEverything);
  EXPECT_EQ(bench.unit.own_power(bench.now), kNothing);
  EXPECT_FALSE(bench.unit.View().usable);
  bench.Run(300);
  EXPECT_EQ(bench.unit.possible(), kNothing) << "a dead device must not stop the others for ever";
}

TEST(ConverterUnitTest, OneThatComesBackMayDoAnythingUntilItsReadingSaysWhat) {
  Bench bench;
  bench.reading = -250;
  bench.Run(0.1);
  EXPECT_LE(bench.unit.possible().low, Watts(-250));
  EXPECT_GE(bench.unit.possible().high, Watts(-250));
  EXPECT_LT(bench.unit.possible().low, Watts(-200)) << "0 W was commanded, but it still runs";
  EXPECT_GT(bench.unit.possible().low, Watts(-600));
}

TEST(ConverterUnitTest, ALostOneMayDoAnythingForTenSecondsAsOurOwnPower) {
  Bench bench;
  bench.Run(2);
  bench.input.ready = false;
  bench.reading = NAN;
  bench.Run(9.9);
  EXPECT_EQ(bench.unit.own_power(bench.now), kEverything);
  bench.Run(0.3);
  EXPECT_EQ(bench.unit.own_power(bench.now), kNothing);
  EXPECT_EQ(bench.unit.possible(), kEverything) << "for circulation it may, still";
}

TEST(ConverterUnitTest, AFaultyOneDoesNoMoreThanItsReadingSays) {
  Bench bench;
  bench.Run(2);
  bench.input.faulty = true;
  bench.reading = -300;
  bench.Run(1);
  EXPECT_EQ(bench.unit.possible(), (PowerInterval{Watts(-330), Watts(0)})) << "it may have obeyed 0 W since";
  bench.reading = -10;
  bench.Run(1);
  EXPECT_EQ(bench.unit.possible(), kNothing);
}

TEST(ConverterUnitTest, AtTheBatteryTheEfficiencyIsKnownWithinSomePercent) {
  Bench bench;
  bench.Run(3);
  bench.unit.tube().Command(Watts(400), bench.now);
  bench.reading = 400;
  bench.Run(5);
  const PowerInterval charging = bench.unit.AtBattery();
  EXPECT_NEAR(charging.low.value(), 400 * 0.84, 5);
  EXPECT_NEAR(charging.high.value(), 400 * 0.96, 5);
  bench.unit.tube().Command(Watts(-400), bench.now);
  bench.reading = -400;
  bench.Run(5);
  const PowerInterval discharging = bench.unit.AtBattery();
  EXPECT_NEAR(discharging.low.value(), -400 / 0.84, 5);
  EXPECT_NEAR(discharging.high.value(), -400 / 0.96, 5);
}

TEST(ConverterUnitTest, LimitsAreTheTighterOfConfiguredAndReported) {
  Bench bench;
  bench.input.min_charge = Watts(50);
  bench.input.min_discharge = Watts(70);
  bench.input.max_discharge = Watts(450);
  bench.Run(1);
  const ConverterView view = bench.unit.View();
  EXPECT_EQ(view.min_charge, Watts(100));
  EXPECT_EQ(view.min_discharge, Watts(70));
  EXPECT_EQ(view.max_charge, Watts(800));
  EXPECT_EQ(view.max_discharge, Watts(450));
}

TEST(ConverterUnitTest, ADirectionItDoesNotHaveStaysClosed) {
  ConverterSettings settings = Bidirectional();
  settings.discharges = false;
  Bench bench(settings);
  bench.Run(1);
  EXPECT_EQ(bench.unit.View().max_discharge, Watts(0));
}

TEST(ConverterUnitTest, OneThatDoesNotFollowIsOfNoUse) {
  Bench bench;
  bench.Run(3);
  bench.unit.tube().Command(Watts(400), bench.now);
  bench.Run(20);
  EXPECT_FALSE(bench.unit.View().usable);
  EXPECT_EQ(bench.unit.View().unusable_because, Reason::kNotFollowing);
}

}  // namespace
}  // namespace abcds
