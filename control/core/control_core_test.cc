#include "control/core/control_core.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "control/core/small_site.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// ---- Regulation ----

TEST(ControlCoreTest, HoldsTheGridAtItsTargetInBothDirections) {
  Site site;
  for (const double load : {300.0, 450.0, 80.0, -400.0, -150.0, 500.0}) {
    site.load = load;
    site.Run(20);
    EXPECT_NEAR(site.Grid(), 0, 6) << "load " << load;
    EXPECT_NEAR(site.Power(), -load, 6) << "load " << load;
  }
}

TEST(ControlCoreTest, ATargetIsHeldUntilItsLeaseEnds) {
  Site site;
  site.in.intent.target = Watts(50);
  site.in.intent.target_ends = site.now + 20s;
  site.Run(19.9);
  EXPECT_NEAR(site.Grid(), 50, 6);
  EXPECT_EQ(site.out.target, Watts(50));
  site.Run(15);
  EXPECT_NEAR(site.Grid(), 0, 6);
  EXPECT_EQ(site.out.target, Watts(0));
}

TEST(ControlCoreTest, ABiasMovesTheGridTowardsImportInBothDirections) {
  CoreSettings settings = TwoDevices();
  settings.regulation.discharge_bias = Watts(20);
  settings.regulation.charge_bias = Watts(30);
  Site site(settings);
  site.Run(15);
  EXPECT_NEAR(site.Grid(), 20, 6);
  site.load = -400;
  site.Run(20);
  EXPECT_NEAR(site.Grid(), 30, 6);
}

TEST(ControlCoreTest, OneMeasurementCountsOnce) {
  Site site;
  site.Run(10);
  // The same message is seen in every cycle for 2.9 s; only the first one may move the setpoint.
  site.load = 500;
  site.Run(1.2);
  const double after_first = site.Power();
  site.meter_sends = false;
  std::set<double> setpoints;
  for (int i = 0; i < 100; ++i) {
    site.Step();
    setpoints.insert(site.Power());
  }
  EXPECT_EQ(setpoints, std::set<double>{after_first});
}

TEST(ControlCoreTest, UntrustedOrMeaninglessValuesHaveNoEffectAtAll) {
  struct { const char* what; std::function<void(MeterInput&)> spoil; } const rows[] = {
      {"not trusted", [](MeterInput& m) { m.trusted = false; }},
      {"not a number", [](MeterInput& m) { m.power.value = Watts(std::numeric_limits<double>::quiet_NaN()); }},
      {"invalid", [](MeterInput& m) { m.power.valid = false; }},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    Site site;
    site.Run(10);
    const double before = site.Power();
    const Sample<Watts> load = site.out.load;
    site.meter_sends = false;
    const MeterInput good = site.in.meter;
    site.in.meter = {{Watts(5000), site.now, true}, good.sequence + 1, true};
    row.spoil(site.in.meter);
    site.Step();
    EXPECT_EQ(site.out.load.value.value(), load.value.value());
    EXPECT_EQ(site.out.load.taken_at, load.taken_at);
    // Such a value ends at the drivers. If it gets here, running on is allowed and stopping is, nothing else.
    EXPECT_TRUE(site.Power() == before || site.Power() == 0) << site.Power();
  }
}

// ---- Modes and their leases ----

TEST(ControlCoreTest, ALeasedModeFallsBackToAutomatic) {
  Site site;
  site.in.intent.mode = Mode::kIdle;
  site.in.intent.mode_ends = site.now + 10s;
  site.Run(9.9);
  EXPECT_EQ(site.out.mode, Mode::kIdle);
  EXPECT_EQ(site.Power(), 0);
  site.Run(0.2);
  EXPECT_EQ(site.out.mode, Mode::kAutomatic);
  site.Run(10);
  EXPECT_NEAR(site.Grid(), 0, 6);
}

TEST(ControlCoreTest, ForcedPowerFlowsWhateverTheLoad) {
  Site site;
  site.in.intent.mode = Mode::kForced;
  site.in.intent.forced_power = Watts(500);
  site.Run(10);
  EXPECT_EQ(site.out.converters[kCharger].power, Watts(500));
  site.in.intent.forced_power = Watts(-250);
  site.Run(10);
  EXPECT_EQ(site.out.converters[kInverter].power, Watts(-250));
  EXPECT_EQ(site.out.converters[kCharger].power, Watts(0));
}

TEST(ControlCoreTest, ForcedEndsAtItsStateOfChargeAndStaysEnded) {
  for (const double grace : {0.0, 30.0}) {
    for (const bool charge : {true, false}) {
      SCOPED_TRACE(testing::Message() << "grace " << grace << " s, " << (charge ? "charging" : "discharging"));
      CoreSettings settings = TwoDevices();
      settings.battery.silence_grace = FromSeconds(grace);
      Site site(settings);
      site.in.intent.mode = Mode::kForced;
      site.in.intent.forced_power = Watts(charge ? 400 : -400);
      site.in.intent.forced_until_soc = Ratio(charge ? 0.6 : 0.4);
      site.Run(5);
      EXPECT_EQ(site.out.mode, Mode::kForced);
      site.soc = charge ? 0.6 : 0.4;
      site.Run(1.1);
      EXPECT_EQ(site.out.mode, Mode::kAutomatic);
      site.soc = 0.5;
      site.Run(5);
      EXPECT_EQ(site.out.mode, Mode::kAutomatic);
      ++site.in.intent.generation;  // the same wish again is another one
      site.Run(1);
      EXPECT_EQ(site.out.mode, Mode::kForced);
    }
  }
}

TEST(ControlCoreTest, ObserveComputesWhatItWouldDo) {
  Site site;
  site.in.intent.mode = Mode::kObserve;
  site.Run(20);
  EXPECT_EQ(site.Power(), 0);
  EXPECT_NEAR(site.out.plant.wanted.value(), -300, 6);
  EXPECT_NEAR(site.out.converters[kInverter].decision.wanted.value(), -300, 6);
}

// ---- Converters, faults, explanations ----

TEST(ControlCoreTest, AFailedInverterIsReplacedInTheSameCycle) {
  CoreSettings settings = TwoDevices();
  settings.converters[1] = settings.converters[0];
  Site site(settings);
  site.Run(15);
  ASSERT_NEAR(site.out.converters[0].power.value(), -300, 10);
  site.in.converters[0].ready = false;
  site.Step();
  EXPECT_EQ(site.out.converters[0].power, Watts(0));
  EXPECT_NEAR(site.out.converters[1].power.value(), -300, 10);
  EXPECT_TRUE(site.Fault(FaultId::kConverterSilent).active);
}

TEST(ControlCoreTest, ALatchedFaultStopsUntilItIsCleared) {
  Site site;
  site.cell_high = 3.65;
  site.Run(20);
  ASSERT_TRUE(site.Fault(FaultId::kCellVoltageHigh).latched);
  site.in.intent.clear_generation = 1;
  site.Run(5);
  EXPECT_TRUE(site.Fault(FaultId::kCellVoltageHigh).latched) << "its cause is still there";
  site.cell_high = 3.31;
  site.Run(5);
  EXPECT_EQ(site.Power(), 0) << "gone, but nobody has looked";
  site.in.intent.clear_generation = 2;
  site.in.intent.clear_fault = FaultId::kMeterDisagrees;
  site.Run(2);
  EXPECT_EQ(site.Power(), 0) << "another fault was meant";
  site.in.intent.clear_generation = 3;
  site.in.intent.clear_fault = FaultId::kCellVoltageHigh;
  site.Run(10);
  EXPECT_FALSE(site.Fault(FaultId::kCellVoltageHigh).latched);
  EXPECT_NEAR(site.Grid(), 0, 6);
}

TEST(ControlCoreTest, AnInverterThatDoesNotFollowIsTold) {
  Site site;
  site.Run(10);
  EXPECT_FALSE(site.Fault(FaultId::kConverterNotFollowing).active);
  site.stuck_at = -100;
  site.Run(30);
  EXPECT_TRUE(site.Fault(FaultId::kConverterNotFollowing).active);
}

TEST(ControlCoreTest, ItsShareGoesToTheOthersUntilItFollowsAgain) {
  CoreSettings settings = TwoDevices();
  settings.converters[1] = settings.converters[0];
  Site site(settings);
  site.Run(15);
  ASSERT_NEAR(site.out.converters[0].power.value(), -300, 10);
  site.stuck_at = -1;
  site.Run(20);
  EXPECT_EQ(site.out.converters[0].power, Watts(0));
  EXPECT_EQ(site.out.converters[0].decision.reason, Reason::kNotFollowing);
  EXPECT_NEAR(site.out.converters[1].power.value(), -300, 10);
  site.stuck_at = 0;
  site.Run(90);
  EXPECT_NEAR(site.out.converters[0].power.value(), -300, 10) << "tried again after a pause";
  EXPECT_FALSE(site.Fault(FaultId::kConverterNotFollowing).active);
}

TEST(ControlCoreTest, WhatALostConverterMayUseIsNotThereForTheOthers) {
  CoreSettings settings = TwoDevices();
  settings.converters[1] = settings.converters[0];
  settings.battery.max_discharge_current = Amperes(30);  // 792 W at the battery
  Site site(settings);
  site.load = 580;
  site.amperes = std::numeric_limits<double>::quiet_NaN();
  site.Run(15);
  ASSERT_NEAR(site.out.converters[0].power.value(), -580, 10);
  site.in.converters[0].ready = false;
  site.Run(5);
  EXPECT_GE(site.out.converters[1].power.value(), -(792 - 600 / 0.92));
  EXPECT_LE(site.out.converters[1].power.value(), -50);
  site.Run(320);
  EXPECT_NEAR(site.out.converters[1].power.value(), -580, 10) << "it counts as dead by now";
}

struct TerminalCase {
  const char* name;
  Sample<Volts> first, second;
  bool known;
  double volts;
};

class TerminalVoltageTest : public testing::TestWithParam<TerminalCase> {};

TEST_P(TerminalVoltageTest, IsTheFirstThatSaysWhatTheBatteryHas) {
  const TerminalCase& c = GetParam();
  Site site;
  site.in.battery.present = false;
  site.in.converters[0].dc_voltage = c.first;
  site.in.converters[1].dc_voltage = c.second;
  site.Step();
  EXPECT_EQ(site.out.battery_voltage.valid, c.known);
  if (c.known) {
    EXPECT_DOUBLE_EQ(site.out.battery_voltage.value.value(), c.volts);
  }
}

const MonotonicTime kOld(960s);    // the site's clock begins at 1000 s
const MonotonicTime kFresh(995s);
const MonotonicTime kFreshest(1000s);

INSTANTIATE_TEST_SUITE_P(Converters, TerminalVoltageTest, testing::Values(
    TerminalCase{"TheFirst",                 {Volts(26), kFresh, true}, {Volts(27), kFreshest, true}, true,  26},
    TerminalCase{"NotAnOldOne",              {Volts(26), kOld, true},   {Volts(27), kFresh, true},    true,  27},
    TerminalCase{"NotThatOfAnOutputThatIsOff", {Volts(0), kFresh, true}, {Volts(27), kFresh, true},   true,  27},
    TerminalCase{"NotOneThatDoesNotKnow",    {Volts(26), kFresh, false}, {Volts(27), kFresh, true},   true,  27},
    TerminalCase{"NobodyWhereAllAreOld",     {Volts(26), kOld, true},   {Volts(27), kOld, true},      false, 0}),
    [](const auto& row) { return row.param.name; });

// 50 A at 26.4 V. A solar charge controller gives 40 A of them, later 10 A; ours may add what is left.
TEST(ControlCoreTest, WhatOthersPutIntoTheBatteryComesOffItsLimit) {
  Site site;
  site.load = -750;
  double others = 40;
  const auto run = [&](double seconds) {
    for (int i = 0; i < seconds * 50; ++i) {
      site.amperes = others + site.out.converters[kCharger].power.value() * 0.92 / site.volts;
      site.Step();
      if (i > 50) {
        EXPECT_LE(site.amperes, 50 + 40 / site.volts + 1e-6) << i;
      }
    }
  };
  run(30);
  EXPECT_EQ(site.out.plant.reason, Reason::kBatteryCurrentLimit);
  EXPECT_GE(site.amperes, 50 - 60 / site.volts);
  others = 10;
  run(30);
  EXPECT_NEAR(site.out.converters[kCharger].power.value(), 750, 10) << "there is room for all of it";
}

TEST(ControlCoreTest, AMinimumIsNotHeldAboveADeratedLimit) {
  Site site;
  site.load = -400;
  site.Run(15);
  ASSERT_GT(site.out.converters[kCharger].power, Watts(100));
  site.in.battery.charge_current_limit = {Amperes(3), site.now, true};  // 79 W at the battery, the charger's least is 100 W
  site.Run(1);
  EXPECT_EQ(site.out.converters[kCharger].power, Watts(0));
}

TEST(ControlCoreTest, TheLargerOfConfiguredAndReportedMinimumHolds) {
  Site site;
  site.load = -160;
  site.in.converters[kCharger].min_charge = Watts(190);
  site.Run(15);
  EXPECT_EQ(site.out.converters[kCharger].power, Watts(0));
  site.load = -200;
  site.Run(5);
  site.load = -150;
  site.Run(5);
  EXPECT_EQ(site.out.converters[kCharger].power, Watts(190)) << "held at the device's minimum, not at the configured one";
}

TEST(ControlCoreTest, EnergyIsCountedPerDirection) {
  Site site;
  site.in.intent.mode = Mode::kForced;
  site.in.intent.forced_power = Watts(-300);
  site.Run(60);
  EXPECT_NEAR(site.out.discharged.value(), 300 * 58, 300 * 3);
  EXPECT_EQ(site.out.charged, Joules(0));
  const Joules discharged = site.out.discharged;
  site.in.intent.forced_power = Watts(400);
  site.Run(60);
  EXPECT_NEAR(site.out.charged.value(), 400 * 56, 400 * 4);
  EXPECT_NEAR(site.out.discharged.value(), discharged.value(), 300);
}

TEST(ControlCoreTest, AReasonRemembersSinceWhen) {
  Site site;
  site.Run(10);
  site.in.intent.mode = Mode::kIdle;
  site.Step();
  const MonotonicTime since = site.now;
  site.Run(5);
  EXPECT_EQ(site.out.plant.since, since);
  site.in.intent.mode = Mode::kObserve;
  site.Step();
  EXPECT_EQ(site.out.plant.since, site.now);
}

TEST(ControlCoreTest, ALimitSaysHowMuch) {
  CoreSettings settings = TwoDevices();
  settings.battery.max_discharge_current = Amperes(5);
  Site site(settings);
  site.Run(10);
  EXPECT_TRUE(site.out.plant.limited);
  EXPECT_NEAR(site.out.plant.limit.value(), 26.4 * 5 * 0.92, 1e-6) << "5 A at the battery are less at the socket";
  EXPECT_NEAR(site.out.plant.wanted.value(), -300, 6);
  EXPECT_NEAR(site.Power(), -132 * 0.92, 1);
}

TEST(ControlCoreTest, WhatTheBatteryTakesIsMoreAtTheSocket) {
  CoreSettings settings = TwoDevices();
  settings.battery.max_charge_current = Amperes(10);
  Site site(settings);
  site.load = -600;
  site.Run(15);
  EXPECT_NEAR(site.Power(), 26.4 * 10 / 0.92, 1);
}

}  // namespace
}  // namespace abcds
