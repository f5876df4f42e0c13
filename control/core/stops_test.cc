// What must be at 0 W within one cycle, and what fades.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "control/core/small_site.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

std::function<void(Site&)> In(Mode mode) {
  return [mode](Site& s) { s.in.intent.mode = mode; };
}

struct StopCase {
  const char* name;
  double load;   // 300: discharging; -400: charging
  std::function<void(Site&)> spoil;
};

class StopTest : public testing::TestWithParam<StopCase> {};

TEST_P(StopTest, NothingFlowsFromTheNextCycleOn) {
  const StopCase& c = GetParam();
  Site site;
  site.load = c.load;
  site.Run(15);
  ASSERT_NEAR(site.Power(), -c.load, 10) << "must be running to be stopped";
  site.bms_sends = false;  // what the row says about the battery is the newest frame
  c.spoil(site);
  for (int cycle = 0; cycle < 20; ++cycle) {
    site.Step();
    for (int i = 0; i < 2; ++i) ASSERT_EQ(site.out.converters[i].power, Watts(0)) << "converter " << i;
    const bool idles = c.load > 0 ? site.out.converters[0].may_idle_discharging : site.out.converters[1].may_idle_charging;
    ASSERT_FALSE(idles) << "what was stopped must not stay on with a little power";
  }
}

Sample<Volts> V(const Site& s, double volts) { return {Volts(volts), s.now, true}; }
Sample<Celsius> C(const Site& s, double celsius) { return {Celsius(celsius), s.now, true}; }

INSTANTIATE_TEST_SUITE_P(Causes, StopTest, testing::Values(
    StopCase{"BmsForbidsDischarging",    300, [](Site& s) { s.in.battery.discharge_allowed = false; }},
    StopCase{"BmsForbidsCharging",      -400, [](Site& s) { s.in.battery.charge_allowed = false; }},
    StopCase{"ACellAtItsLowerLimit",     300, [](Site& s) { s.in.battery.cell_lowest = V(s, 3.05); }},
    StopCase{"ACellAtItsUpperLimit",    -400, [](Site& s) { s.in.battery.cell_highest = V(s, 3.45); }},
    StopCase{"StateOfChargeAtItsMinimum", 300, [](Site& s) { s.in.battery.soc.value = Ratio(0); }},
    StopCase{"TooColdToCharge",         -400, [](Site& s) { s.in.battery.temperature_lowest = C(s, 2); }},
    StopCase{"TooHotToDischarge",        300, [](Site& s) { s.in.battery.temperature_highest = C(s, 55); }},
    StopCase{"ADischargeLimitOfZero",    300,
             [](Site& s) { s.in.battery.discharge_current_limit = {Amperes(0), s.now, true}; }},
    StopCase{"AChargeLimitOfZero",      -400,
             [](Site& s) { s.in.battery.charge_current_limit = {Amperes(0), s.now, true}; }},
    StopCase{"TheInverterIsGone",        300, [](Site& s) { s.in.converters[0].ready = false; }},
    StopCase{"TheInverterIsFaulty",      300, [](Site& s) { s.in.converters[0].faulty = true; }},
    StopCase{"TheChargerIsGone",        -400, [](Site& s) { s.in.converters[1].ready = false; }},
    StopCase{"TheInverterCanDoNothing",  300, [](Site& s) { s.in.converters[0].max_discharge = Watts(0); }},
    StopCase{"IdleWhileDischarging",     300, In(Mode::kIdle)},
    StopCase{"IdleWhileCharging",       -400, In(Mode::kIdle)},
    StopCase{"ObserveWhileDischarging",  300, In(Mode::kObserve)},
    StopCase{"ObserveWhileCharging",    -400, In(Mode::kObserve)},
    StopCase{"ChargeOnly",               300, In(Mode::kChargeOnly)},
    StopCase{"DischargeOnly",           -400, In(Mode::kDischargeOnly)},
    StopCase{"DischargerDisabled",       300, [](Site& s) { s.in.intent.discharger_enabled = false; }},
    StopCase{"ChargerDisabled",         -400, [](Site& s) { s.in.intent.charger_enabled = false; }},
    StopCase{"TheMachineHasSlept",       300, [](Site& s) {
               s.meter_sends = false;
               s.in.samples_void = true;
             }},
    StopCase{"AMeterValueOfLongAgo",     300, [](Site& s) {
               s.meter_sends = false;
               s.now += 11s;
             }}),
    [](const auto& row) { return row.param.name; });

TEST(ControlCoreTest, WithLittleToDoADeviceMayStayOnInTheDirectionThatIsWanted) {
  Site site;
  site.load = 10;  // less than the inverter's least
  site.Run(15);
  EXPECT_EQ(site.out.converters[0].power, Watts(0));
  EXPECT_TRUE(site.out.converters[0].may_idle_discharging);
  EXPECT_FALSE(site.out.converters[1].may_idle_charging) << "against the other one";
  EXPECT_FALSE(site.out.converters[1].may_idle_discharging) << "it cannot";
}

TEST(ControlCoreTest, ASilentMeterFadesAndIsAtZeroByTenSecondsChargerIncluded) {
  for (const double load : {300.0, -400.0}) {
    Site site;
    site.load = load;
    site.Run(15.5);
    const MonotonicTime last = site.in.meter.power.taken_at;
    site.meter_sends = false;
    double before = std::abs(site.Power());
    while (site.now - last < 10s) {
      site.Step();
      const double power = std::abs(site.Power());
      ASSERT_LE(power, before);
      if (site.now - last <= 3s) {
        ASSERT_NEAR(power, std::abs(load), 10);
      }
      if (site.now - last >= 6100ms) {
        ASSERT_LE(power, std::abs(load) * 0.5 + 45) << "half of it, deadband and minimum interval on top";
      }
      before = power;
    }
    EXPECT_EQ(site.Power(), 0) << "load " << load;
    EXPECT_TRUE(site.Fault(FaultId::kMeterSilent).active);
    site.meter_sends = true;
    site.Run(12);
    EXPECT_NEAR(site.Power(), -load, 10) << "recovers by itself";
    EXPECT_FALSE(site.Fault(FaultId::kMeterSilent).active);
  }
}

TEST(ControlCoreTest, AfterASuspendOldSamplesDoNotCountAndNewOnesDo) {
  Site site;
  site.Run(10.3);
  site.in.samples_void = true;
  site.Step();
  EXPECT_EQ(site.Power(), 0);
  EXPECT_FALSE(site.out.load.valid) << "what the house drew before says nothing";
  EXPECT_EQ(site.out.next_meter_at, MonotonicTime::min());
  EXPECT_TRUE(site.Fault(FaultId::kClockJump).active);
  site.Run(15);
  EXPECT_NEAR(site.Grid(), 0, 6);
  site.Run(30);
  EXPECT_FALSE(site.Fault(FaultId::kClockJump).active);
}

}  // namespace
}  // namespace abcds
