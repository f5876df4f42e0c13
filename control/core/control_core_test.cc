#include "control/core/control_core.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <memory>
#include <set>

#include "control/core/names.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr Nanoseconds kPeriod = 20ms;
constexpr int kInverter = 0;
constexpr int kCharger = 1;

// An inverter of 600 W and a charger of 800 W on eight cells, with a meter every second.
CoreSettings TwoDevices() {
  CoreSettings settings;
  settings.meter.averaging = Nanoseconds(0);
  settings.battery.cells = 8;
  settings.battery.resistance = Ohms(0);
  settings.converter_count = 2;
  ConverterSettings& inverter = settings.converters[kInverter];
  inverter.discharges = true;
  inverter.min_discharge = Watts(27);
  inverter.max_discharge = Watts(600);
  ConverterSettings& charger = settings.converters[kCharger];
  charger.charges = true;
  charger.min_charge = Watts(100);
  charger.max_charge = Watts(800);
  return settings;
}

// The simplest plant that answers: converters follow their setpoints after 0.3 s, the meter says once a second what was
// half a second ago. Everything a test wants to spoil is a field.
class Site {
 public:
  explicit Site(const CoreSettings& settings = TwoDevices()) : settings_(settings), core_(settings) {
    in.battery.present = true;
    for (int i = 0; i < settings.converter_count; ++i) {
      in.converters[i].ready = true;
      in.converters[i].max_charge = settings.converters[i].max_charge;
      in.converters[i].max_discharge = settings.converters[i].max_discharge;
    }
    in.intent.target = settings.regulation.target;
  }

  void Step() {
    now += kPeriod;
    ++cycle_;
    in.now = now;
    in.dt = kPeriod;
    Measure();
    core_.Step(in, out);
    in.samples_void = false;
    for (int i = 0; i < settings_.converter_count; ++i) {
      wire_[i][cycle_ % kDelay] = out.converters[i].power;
    }
    for (int i = 0; i < kMaxConverters; ++i) seen_at[i].insert(out.converters[i].decision.reason);
    seen.insert(out.plant.reason);
  }
  void Run(double seconds) {
    for (int i = 0; i < seconds * 50; ++i) Step();
  }
  double Power() const { return out.plant.setpoint.value(); }
  double Grid() const { return load + real_[0].value() + real_[1].value(); }
  const FaultStatus& Fault(FaultId id) const {
    for (const FaultStatus& fault : out.faults) {
      if (fault.id == id) return fault;
    }
    return out.faults[0];
  }

  double load = 300;
  double meter_factor = 1;
  bool meter_sends = true;
  bool meter_frozen = false;
  bool bms_sends = true;
  double stuck_at = 0;  // W; the inverter does not follow
  double volts = 26.4, cell_low = 3.29, cell_high = 3.31, soc = 0.5, amperes = 5, temperature = 20;

  MonotonicTime now{1000s};
  Inputs in;
  Outputs out;
  std::set<Reason> seen;                                  // of the plant
  std::array<std::set<Reason>, kMaxConverters> seen_at;   // of each converter

 private:
  static constexpr int kDelay = 15;  // cycles

  void Measure() {
    for (int i = 0; i < settings_.converter_count; ++i) {
      real_[i] = wire_[i][(cycle_ + 1) % kDelay];
      if (stuck_at != 0 && i == kInverter) real_[i] = Watts(stuck_at);
      if (cycle_ % 12 == 0) in.converters[i].power = {real_[i], now, true};
    }
    past_grid_[cycle_ % 25] = Grid();
    if (meter_sends && cycle_ % 50 == 0) {
      const double value = meter_frozen ? in.meter.power.value.value() : meter_factor * past_grid_[(cycle_ + 1) % 25];
      in.meter = {{Watts(value), now, true}, in.meter.sequence + 1, true};
    }
    if (bms_sends && cycle_ % 50 == 1) {
      const MonotonicTime now = this->now - 5ms;  // a frame is never as young as the cycle that reads it
      in.battery.voltage = {Volts(volts), now, true};
      in.battery.current = {Amperes(amperes), now, true};
      in.battery.soc = {Ratio(soc), now, true};
      in.battery.cell_lowest = {Volts(cell_low), now, true};
      in.battery.cell_highest = {Volts(cell_high), now, true};
      in.battery.temperature_lowest = in.battery.temperature_highest = {Celsius(temperature), now, true};
    }
  }

  CoreSettings settings_;
  ControlCore core_;
  int64_t cycle_ = 0;
  std::array<std::array<Watts, kDelay>, kMaxConverters> wire_{};
  std::array<Watts, kMaxConverters> real_{};
  std::array<double, 25> past_grid_{};
};

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

// ---- Every reason, in the situation it is for ----

struct Situation {
  const char* name;
  std::function<void(CoreSettings&)> configure;
  std::function<void(Site&)> before;    // at the start
  std::function<void(Site&)> change;    // after 10 s
  double then_s;                        // and so long afterwards …
  int who;                              // … the plant (-1) or this converter …
  Reason want;                          // … has had this reason
  bool still;                           // and has it at the end
};

class SituationTest : public testing::TestWithParam<Situation> {};

TEST_P(SituationTest, HasItsReason) {
  const Situation& c = GetParam();
  CoreSettings settings = TwoDevices();
  c.configure(settings);
  Site site(settings);
  c.before(site);
  site.Run(10);
  site.seen.clear();
  for (auto& one : site.seen_at) one.clear();
  c.change(site);
  site.Run(c.then_s);
  const std::set<Reason>& seen = c.who < 0 ? site.seen : site.seen_at[c.who];
  EXPECT_TRUE(seen.contains(c.want));
  if (c.still) {
    const Reason last = (c.who < 0 ? site.out.plant : site.out.converters[c.who].decision).reason;
    EXPECT_EQ(last, c.want) << ReasonName(last);
  }
}

void AsIs(CoreSettings&) {}
void No(Site&) {}
std::function<void(Site&)> Load(double watts) {
  return [watts](Site& s) { s.load = watts; };
}
std::function<void(Site&)> In(Mode mode) {
  return [mode](Site& s) { s.in.intent.mode = mode; };
}
void Force(Site& s) {
  s.in.intent.mode = Mode::kForced;
  s.in.intent.forced_power = Watts(-200);
}
constexpr int kPlant = -1;

INSTANTIATE_TEST_SUITE_P(Device, SituationTest, testing::Values(
    Situation{"FollowsTheLoad", AsIs, No, Load(500), 3, kPlant, Reason::kRegulating, false},
    Situation{"InTheDeadband", AsIs, No, No, 5, kPlant, Reason::kDeadband, true},
    Situation{"TooSoonAfterTheLastWrite", [](CoreSettings& s) { s.converters[0].minimum_interval = 30s; }, No, Load(500),
              5, kInverter, Reason::kMinimumInterval, true},
    Situation{"SlewRate", [](CoreSettings& s) { s.converters[0].slew = WattsPerSecond(20); }, No, Load(580), 3,
              kInverter, Reason::kSlewRate, false},
    Situation{"LessThanItsMinimum", AsIs, No, Load(10), 8, kInverter, Reason::kBelowMinimum, true},
    Situation{"WaitsBetweenDirections", AsIs, No, Load(-400), 4, kCharger, Reason::kReversalHold, false},
    Situation{"NoPartInThisDirection", AsIs, No, No, 5, kCharger, Reason::kNothingToDo, true},
    Situation{"ItsOwnLimit", AsIs, No, Load(1000), 8, kInverter, Reason::kConverterLimit, true},
    Situation{"NotReady", AsIs, No, [](Site& s) { s.in.converters[0].ready = false; }, 0.02, kInverter,
              Reason::kConverterNotReady, true},
    Situation{"NoSuchPlace", AsIs, No, No, 1, 5, Reason::kStarting, false}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(Battery, SituationTest, testing::Values(
    Situation{"Full", AsIs, Load(-400), [](Site& s) { s.cell_high = 3.46; }, 2, kPlant, Reason::kBatteryFull, true},
    Situation{"Empty", AsIs, No, [](Site& s) { s.cell_low = 3.04; }, 2, kPlant, Reason::kBatteryEmpty, true},
    Situation{"CurrentLimit", [](CoreSettings& s) { s.battery.max_discharge_current = Amperes(5); }, No, No, 2, kPlant,
              Reason::kBatteryCurrentLimit, true},
    Situation{"CellNearItsLimit", [](CoreSettings& s) { s.battery.max_discharge_current = Amperes(12); }, No,
              [](Site& s) { s.cell_low = 3.07; }, 2, kPlant, Reason::kCellVoltageLimit, true},
    Situation{"Cold", AsIs, Load(-400), [](Site& s) { s.temperature = 2; }, 2, kPlant, Reason::kTemperatureLimit, true},
    Situation{"BmsSaysNo", AsIs, No, [](Site& s) { s.in.battery.discharge_allowed = false; }, 0.1, kPlant,
              Reason::kBatteryForbids, true},
    Situation{"BmsSilent", AsIs, No, [](Site& s) { s.bms_sends = false; }, 35, kPlant, Reason::kBatterySilent, true},
    Situation{"NobodyKnowsTheVoltage", AsIs, [](Site& s) { s.in.battery.present = false; }, No, 2, kPlant,
              Reason::kBatteryVoltageUnknown, true},
    Situation{"FarBeyondACellsLimit", AsIs, No, [](Site& s) { s.cell_high = 3.65; }, 5, kPlant, Reason::kFaultLatched,
              true},
    // At rest 3.44 V by the configured resistance, but 3.60 V measured: derating allows a little, the gate nothing.
    Situation{"OnlyTheGateSaysNo", [](CoreSettings& s) { s.battery.resistance = Ohms(0.0256); }, Load(-400),
              [](Site& s) {
                s.cell_high = 3.60;
                s.amperes = 50;
              }, 2, kCharger, Reason::kGate, false}),
    [](const auto& row) { return row.param.name; });

void StopMeter(Site& s) { s.meter_sends = false; }

INSTANTIATE_TEST_SUITE_P(Meter, SituationTest, testing::Values(
    Situation{"NeverHeard", AsIs, StopMeter, [](Site& s) { s.seen.insert(s.out.plant.reason); }, 0, kPlant,
              Reason::kWaitingForMeter, false},
    Situation{"GrowsOld", AsIs, No, StopMeter, 6, kPlant, Reason::kMeterFading, true},
    Situation{"Silent", AsIs, No, StopMeter, 11, kPlant, Reason::kMeterSilent, true},
    Situation{"Frozen", AsIs, No, [](Site& s) {
                s.Run(0.5);
                s.load = 420;
                s.Run(0.52);  // the step has just shown; from here on the meter repeats its value
                s.meter_frozen = true;
              }, 12, kPlant, Reason::kMeterFrozen, false},
    Situation{"Flipped", AsIs, [](Site& s) {
                s.meter_factor = -1;
                Force(s);
              }, [](Site& s) {
                for (const double power : {-200.0, -450.0, -200.0, -450.0}) {
                  s.in.intent.forced_power = Watts(power);
                  s.Run(6);
                }
              }, 1, kPlant, Reason::kMeterDisagrees, true}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(Operator, SituationTest, testing::Values(
    Situation{"Idle", AsIs, No, In(Mode::kIdle), 1, kPlant, Reason::kIdle, true},
    Situation{"Observing", AsIs, No, In(Mode::kObserve), 1, kPlant, Reason::kObserving, true},
    Situation{"ObservingDevices", AsIs, No, In(Mode::kObserve), 1, kInverter, Reason::kObserving, true},
    Situation{"Forced", AsIs, No, Force, 5, kPlant, Reason::kForced, true},
    Situation{"ChargeOnly", AsIs, No, In(Mode::kChargeOnly), 2, kPlant, Reason::kModeForbids, true},
    Situation{"DischargeOnly", AsIs, Load(-400), In(Mode::kDischargeOnly), 2, kPlant, Reason::kModeForbids, true},
    Situation{"DischargerDisabled", AsIs, No, [](Site& s) { s.in.intent.discharger_enabled = false; }, 2, kPlant,
              Reason::kDisabled, true},
    Situation{"ChargerDisabled", AsIs, Load(-400), [](Site& s) { s.in.intent.charger_enabled = false; }, 2, kPlant,
              Reason::kDisabled, true}),
    [](const auto& row) { return row.param.name; });

// ---- 0 W within one cycle ----

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
    StopCase{"ADischargeLimitOfZero",    300, [](Site& s) { s.in.battery.discharge_current_limit = {Amperes(0), s.now, true}; }},
    StopCase{"AChargeLimitOfZero",      -400, [](Site& s) { s.in.battery.charge_current_limit = {Amperes(0), s.now, true}; }},
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
      site.in.intent.forced_power = Watts(charge ? 300 : -300);  // another wish
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

TEST(ControlCoreTest, NobodyChargesWhileALostInverterMayStillDeliver) {
  Site site;
  site.Run(15);
  ASSERT_NEAR(site.out.converters[kInverter].power.value(), -300, 10);
  site.in.converters[kInverter].ready = false;
  site.load = -400;
  for (double t = 0; t < 9.5; t += 0.5) {
    site.Run(0.5);
    ASSERT_EQ(site.out.converters[kCharger].power, Watts(0)) << t << " s after it was lost";
  }
  site.Run(15);
  EXPECT_NEAR(site.out.converters[kCharger].power.value(), 400, 10) << "what it may do counts as the house's then";
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
  EXPECT_NEAR(site.out.plant.limit.value(), 26.4 * 5, 1e-6);
  EXPECT_NEAR(site.out.plant.wanted.value(), -300, 6);
  EXPECT_NEAR(site.Power(), -132, 1);
}

}  // namespace
}  // namespace abcds
