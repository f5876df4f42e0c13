#include "control/core/battery_limiter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "control/core/small_battery.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using small_battery::Eight;
using small_battery::kNow;
using small_battery::Middle;

using Change = std::function<void(BatteryInput&)>;

void Nothing(BatteryInput&) {}
Change High(double volts, double current = 5) {
  return [=](BatteryInput& b) {
    b.cell_highest.value = Volts(volts);
    b.current.value = Amperes(current);
  };
}
Change Low(double volts) {
  return [=](BatteryInput& b) { b.cell_lowest.value = Volts(volts); };
}
Change Soc(double soc) {
  return [=](BatteryInput& b) { b.soc.value = Ratio(soc); };
}
Change Temperatures(double low, double high) {
  return [=](BatteryInput& b) {
    b.temperature_lowest.value = Celsius(low);
    b.temperature_highest.value = Celsius(high);
  };
}

struct Case {
  const char* name;
  Change change;
  double charge_w;
  Reason charge_reason;
  double discharge_w;
  Reason discharge_reason;
};

class BatteryLimiterTest : public testing::TestWithParam<Case> {};

TEST_P(BatteryLimiterTest, LimitsAndTheirReasons) {
  const Case& c = GetParam();
  BatteryInput battery = Middle();
  c.change(battery);
  BatteryLimiter limiter(Eight());
  const BatteryLimits limits = limiter.Update(battery, {}, Watts(0), kNow);
  EXPECT_NEAR(limits.charge.value(), c.charge_w, 1e-6);
  EXPECT_EQ(limits.charge_reason, c.charge_reason);
  EXPECT_NEAR(limits.discharge.value(), c.discharge_w, 1e-6);
  EXPECT_EQ(limits.discharge_reason, c.discharge_reason);
  EXPECT_EQ(limits.full, c.charge_reason == Reason::kBatteryFull);
  EXPECT_EQ(limits.empty, c.discharge_reason == Reason::kBatteryEmpty);
}

constexpr Reason kCurrent = Reason::kBatteryCurrentLimit;
constexpr Reason kCell = Reason::kCellVoltageLimit;
constexpr Reason kWarm = Reason::kTemperatureLimit;
constexpr Reason kFull = Reason::kBatteryFull;
constexpr Reason kEmpty = Reason::kBatteryEmpty;
constexpr Reason kForbids = Reason::kBatteryForbids;

// 26.4 V × 50 A = 1320 W each way where nothing else binds.
INSTANTIATE_TEST_SUITE_P(Voltage, BatteryLimiterTest, testing::Values(
    Case{"InTheMiddleOnlyCurrentLimits",       Nothing,          1320, kCurrent, 1320, kCurrent},
    Case{"AtTheDeratingBandStillAll",          High(3.3999),     1320, kCurrent, 1320, kCurrent},
    Case{"HalfWayInHalfTheCharge",             High(3.425),       660, kCell,    1320, kCurrent},
    Case{"AtTheTopFull",                       High(3.45),          0, kFull,    1320, kCurrent},
    Case{"AboveTheTopFull",                    High(3.50),          0, kFull,    1320, kCurrent},
    Case{"NearTheTopWithLittleCurrentFull",    High(3.44, 1.0),     0, kFull,    1320, kCurrent},
    Case{"NearTheTopWithMoreCurrentNotFull",   High(3.44, 1.1),   264, kCell,    1320, kCurrent},
    Case{"NearTheTopDischargingNotFull",       High(3.44, -0.5),  264, kCell,    1320, kCurrent},
    Case{"LittleCurrentFurtherDownNotFull",    High(3.4365, 0.5), 356.4, kCell,  1320, kCurrent},
    Case{"HalfWayDownHalfTheDischarge",        Low(3.075),       1320, kCurrent,  660, kCell},
    Case{"AtTheBottomEmpty",                   Low(3.05),        1320, kCurrent,    0, kEmpty},
    Case{"BelowTheBottomEmpty",                Low(2.90),        1320, kCurrent,    0, kEmpty},
    Case{"StateOfChargeAtItsMinimumEmpty",     Soc(0.10),        1320, kCurrent,    0, kEmpty},
    Case{"StateOfChargeAboveItNotEmpty",       Soc(0.11),        1320, kCurrent, 1320, kCurrent},
    Case{"WithoutCellsTheirMeanCounts",        [](BatteryInput& b) {
           b.cell_lowest.valid = b.cell_highest.valid = false;
           b.voltage.value = Volts(27.4);  // 3.425 V each: half of 1370 W
         }, 685, kCell, 1370, kCurrent},
    Case{"ACellThatIsNoNumberIsNotKnown",      [](BatteryInput& b) {
           b.cell_highest.value = Volts(std::numeric_limits<double>::quiet_NaN());
         }, 1320, kCurrent, 1320, kCurrent}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(Temperature, BatteryLimiterTest, testing::Values(
    Case{"ColdDeratesCharging",          Temperatures(4.5, 20),    660, kWarm, 1320, kCurrent},
    Case{"AtTheLimitNoCharging",         Temperatures(2, 20),        0, kWarm, 1320, kCurrent},
    Case{"FrostDeratesDischarging",      Temperatures(-7.5, 20),     0, kWarm,  660, kWarm},
    Case{"HardFrostStopsBoth",           Temperatures(-10, -9),      0, kWarm,    0, kWarm},
    Case{"WarmthDeratesCharging",        Temperatures(20, 42.5),   660, kWarm, 1320, kCurrent},
    Case{"HeatDeratesDischarging",       Temperatures(20, 52.5),     0, kWarm,  660, kWarm},
    Case{"MoreHeatStopsBoth",            Temperatures(20, 55),       0, kWarm,    0, kWarm},
    Case{"AnUnknownLowestIsNoWarmBattery", [](BatteryInput& b) { b.temperature_lowest.valid = false; },
         0, kWarm, 1320, kCurrent},
    Case{"NorIsAnUnknownHighest",        [](BatteryInput& b) { b.temperature_highest.valid = false; },
         0, kWarm, 1320, kCurrent},
    Case{"NorIsOneOfHalfAMinuteAgo",     [](BatteryInput& b) { b.temperature_lowest.taken_at = kNow - 31s; },
         0, kWarm, 1320, kCurrent}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(Bms, BatteryLimiterTest, testing::Values(
    Case{"ItsChargeLimitBinds",     [](BatteryInput& b) { b.charge_current_limit = {Amperes(10), kNow, true}; },
         264, kCurrent, 1320, kCurrent},
    Case{"ItsDischargeLimitBinds",  [](BatteryInput& b) { b.discharge_current_limit = {Amperes(10), kNow, true}; },
         1320, kCurrent, 264, kCurrent},
    Case{"AHigherLimitDoesNot",     [](BatteryInput& b) { b.charge_current_limit = {Amperes(80), kNow, true}; },
         1320, kCurrent, 1320, kCurrent},
    Case{"ItForbidsCharging",       [](BatteryInput& b) { b.charge_allowed = false; }, 0, kForbids, 1320, kCurrent},
    Case{"ItForbidsDischarging",    [](BatteryInput& b) { b.discharge_allowed = false; }, 1320, kCurrent, 0, kForbids}),
    [](const auto& row) { return row.param.name; });

// ---- Full and empty: sequences, since they remember ----

TEST(BatteryLimiterTest, FullLastsUntilTheRestartVoltage) {
  BatteryLimiter limiter(Eight());
  auto full_at = [&](double volts) {
    BatteryInput battery = Middle();
    High(volts)(battery);
    return limiter.Update(battery, {}, Watts(0), kNow).full;
  };
  EXPECT_FALSE(full_at(3.44));
  EXPECT_TRUE(full_at(3.45));
  EXPECT_TRUE(full_at(3.40));
  EXPECT_TRUE(full_at(3.341));
  EXPECT_FALSE(full_at(3.34));
  EXPECT_FALSE(full_at(3.40)) << "and begins at the top only";
}

TEST(BatteryLimiterTest, FullAllowsNoChargeAtAVoltageThatWouldAllowAll) {
  BatteryLimiter limiter(Eight());
  BatteryInput battery = Middle();
  High(3.46)(battery);
  (void)limiter.Update(battery, {}, Watts(0), kNow);
  High(3.36)(battery);
  const BatteryLimits limits = limiter.Update(battery, {}, Watts(0), kNow);
  EXPECT_EQ(limits.charge, Watts(0));
  EXPECT_EQ(limits.charge_reason, Reason::kBatteryFull);
  EXPECT_NEAR(limits.discharge.value(), 1320, 1e-6);
}

TEST(BatteryLimiterTest, EmptyLastsUntilRestartVoltageAndRestartCharge) {
  BatteryLimiter limiter(Eight());
  auto empty_at = [&](double volts, double soc) {
    BatteryInput battery = Middle();
    Low(volts)(battery);
    Soc(soc)(battery);
    const BatteryLimits limits = limiter.Update(battery, {}, Watts(0), kNow);
    EXPECT_EQ(limits.empty, limits.discharge == Watts(0));
    return limits.empty;
  };
  EXPECT_FALSE(empty_at(3.10, 0.20));
  EXPECT_TRUE(empty_at(3.05, 0.20));
  EXPECT_TRUE(empty_at(3.199, 0.20));
  EXPECT_FALSE(empty_at(3.20, 0.20));
  EXPECT_TRUE(empty_at(3.25, 0.10));
  EXPECT_TRUE(empty_at(3.25, 0.149)) << "the voltage alone does not end it";
  EXPECT_FALSE(empty_at(3.25, 0.15));
  EXPECT_TRUE(empty_at(3.05, 0.50));
  EXPECT_TRUE(empty_at(3.10, 0.50)) << "nor does the charge alone";
}

TEST(BatteryLimiterTest, WithoutAStateOfChargeTheVoltageDecides) {
  BatteryLimiter limiter(Eight());
  BatteryInput battery = Middle();
  battery.soc.valid = false;
  Low(3.05)(battery);
  EXPECT_TRUE(limiter.Update(battery, {}, Watts(0), kNow).empty);
  Low(3.20)(battery);
  EXPECT_FALSE(limiter.Update(battery, {}, Watts(0), kNow).empty);
}

// ---- Safety margins ----

struct SafetyCase {
  const char* name;
  Change change;
  bool high;
  bool low;
  bool temperature;
};

class BatterySafetyTest : public testing::TestWithParam<SafetyCase> {};

TEST_P(BatterySafetyTest, BeyondTheMarginIsAFault) {
  const SafetyCase& c = GetParam();
  BatteryInput battery = Middle();
  c.change(battery);
  BatteryLimiter limiter(Eight());
  (void)limiter.Update(battery, {}, Watts(0), kNow);
  EXPECT_EQ(limiter.cell_too_high(), c.high);
  EXPECT_EQ(limiter.cell_too_low(), c.low);
  EXPECT_EQ(limiter.temperature_outside(), c.temperature);
}

INSTANTIATE_TEST_SUITE_P(Margins, BatterySafetyTest, testing::Values(
    SafetyCase{"AFullCellIsNone",     High(3.59),               false, false, false},
    SafetyCase{"AnOvercharged",       High(3.61),               true,  false, false},
    SafetyCase{"AnEmptyCellIsNone",   Low(2.91),                false, false, false},
    SafetyCase{"ADeeplyDischarged",   Low(2.89),                false, true,  false},
    SafetyCase{"ColdIsNone",          Temperatures(-14.9, 20),  false, false, false},
    SafetyCase{"FarTooCold",          Temperatures(-15.1, 20),  false, false, true},
    SafetyCase{"HotIsNone",           Temperatures(20, 59.9),   false, false, false},
    SafetyCase{"FarTooHot",           Temperatures(20, 60.1),   false, false, true}),
    [](const auto& row) { return row.param.name; });

// ---- Silence ----

struct SilenceCase {
  const char* name;
  Change change;
  double grace_s;
  double age_s;
  bool silent;
};

class BatterySilenceTest : public testing::TestWithParam<SilenceCase> {};

TEST_P(BatterySilenceTest, StopsAfterItsGrace) {
  const SilenceCase& c = GetParam();
  BatterySettings settings = Eight();
  settings.silence_grace = FromSeconds(c.grace_s);
  BatteryLimiter limiter(settings);
  BatteryInput battery = Middle();
  c.change(battery);
  (void)limiter.Update(battery, {}, Watts(0), kNow);
  EXPECT_FALSE(limiter.silent());
  const BatteryLimits limits = limiter.Update(battery, {}, Watts(0), battery.voltage.taken_at + FromSeconds(c.age_s));
  EXPECT_EQ(limiter.silent(), c.silent);
  EXPECT_EQ(limits.charge == Watts(0), c.silent);
  EXPECT_EQ(limits.discharge == Watts(0), c.silent);
  if (c.silent) {
    EXPECT_EQ(limits.charge_reason, Reason::kBatterySilent);
    EXPECT_EQ(limits.discharge_reason, Reason::kBatterySilent);
  }
}

Change Forbidding(bool charge) {
  return [charge](BatteryInput& b) { (charge ? b.charge_allowed : b.discharge_allowed) = false; };
}

INSTANTIATE_TEST_SUITE_P(Ages, BatterySilenceTest, testing::Values(
    //          name                                    change       grace    age  silent
    SilenceCase{"FiveSecondsAreNoSilence",              Nothing,         0,    5.0, false},
    SilenceCase{"WithoutGraceAtOnce",                   Nothing,         0,    5.1, true},
    SilenceCase{"WithinItsGrace",                       Nothing,        30,    5.1, false},
    SilenceCase{"AtTheEndOfItsGrace",                   Nothing,        30,   30.0, false},
    SilenceCase{"AfterItsGrace",                        Nothing,        30,   30.1, true},
    SilenceCase{"NoGraceForCellsNearTheTop",            High(3.35),     30,    5.1, true},
    SilenceCase{"NoGraceForCellsNearTheBottom",         Low(3.19),      30,    5.1, true}),
    [](const auto& row) { return row.param.name; });

TEST(BatteryLimiterTest, NoGraceWhereTheLastWordWasNo) {
  for (const bool charge : {true, false}) {
    BatteryLimiter limiter(Eight());
    BatteryInput battery = Middle();
    Forbidding(charge)(battery);
    (void)limiter.Update(battery, {}, Watts(0), kNow + 4s);
    EXPECT_FALSE(limiter.silent());
    (void)limiter.Update(battery, {}, Watts(0), kNow + 6s);
    EXPECT_TRUE(limiter.silent());
  }
}

TEST(BatteryLimiterTest, ABmsThatHasNeverSpokenIsSilent) {
  BatteryInput battery;
  battery.present = true;
  BatteryLimiter limiter(Eight());
  const BatteryLimits limits = limiter.Update(battery, {Volts(26.4), kNow, true}, Watts(0), kNow);
  EXPECT_TRUE(limiter.silent());
  EXPECT_EQ(limits.charge, Watts(0));
  EXPECT_FALSE(limiter.voltage().valid) << "the converters' voltage does not stand in for a BMS that is configured";
}

TEST(BatteryLimiterTest, ABmsThatIsBackCountsAtOnce) {
  BatteryLimiter limiter(Eight());
  (void)limiter.Update(Middle(), {}, Watts(0), kNow + 60s);
  ASSERT_TRUE(limiter.silent());
  const BatteryLimits limits = limiter.Update(Middle(kNow + 61s), {}, Watts(0), kNow + 61s);
  EXPECT_FALSE(limiter.silent());
  EXPECT_NEAR(limits.charge.value(), 1320, 1e-6);
}

// ---- Without a BMS: what the converters see ----

TEST(BatteryLimiterTest, ATemperatureSensorThatFailsIsNoWarmBattery) {
  BatteryLimiter limiter(Eight());
  BatteryInput battery = Middle();
  EXPECT_GT(limiter.Update(battery, {}, Watts(0), kNow).charge, Watts(0));
  battery.temperature_lowest.valid = battery.temperature_highest.valid = false;
  const BatteryLimits limits = limiter.Update(battery, {}, Watts(0), kNow);
  EXPECT_EQ(limits.charge, Watts(0));
  EXPECT_EQ(limits.charge_reason, Reason::kTemperatureLimit);
  EXPECT_GT(limits.discharge, Watts(0));
}

TEST(BatteryLimiterTest, WhereTheFileSaysSoNoTemperatureIsNoLimit) {
  BatterySettings settings = Eight();
  settings.charge_without_temperature = true;
  BatteryLimiter limiter(settings);
  BatteryInput battery = Middle();
  battery.temperature_lowest.valid = battery.temperature_highest.valid = false;
  EXPECT_NEAR(limiter.Update(battery, {}, Watts(0), kNow).charge.value(), 1320, 1e-6);
  Temperatures(-5, 20)(battery);
  battery.temperature_lowest.valid = battery.temperature_highest.valid = true;
  EXPECT_EQ(limiter.Update(battery, {}, Watts(0), kNow).charge, Watts(0)) << "one that is known is one";
}

// 26.4 V at rest, 12 mΩ, limits of 140 A: at that current 24.72 V are left, and with 3696 W it would be 150 A.
TEST(BatteryLimiterTest, ThePowerOfADischargeLimitIsThatAtTheVoltageUnderLoad) {
  BatterySettings settings = Eight();
  settings.resistance = Ohms(0.012);
  settings.max_charge_current = settings.max_discharge_current = Amperes(140);
  struct Row {
    const char* name;
    double volts, amperes, charge_w, discharge_w;
  };
  for (const Row& row : {Row{"at rest", 26.4, 0, 26.4 * 140, 24.72 * 140},
                         Row{"at the limit", 24.72, -140, 26.4 * 140, 24.72 * 140},
                         Row{"charging", 27.0, 50, 26.4 * 140, 24.72 * 140},
                         Row{"more is lost than configured", 24.0, -140, 25.68 * 140, 24.0 * 140}}) {
    SCOPED_TRACE(row.name);
    BatteryLimiter limiter(settings);
    BatteryInput battery = Middle();
    battery.voltage.value = Volts(row.volts);
    battery.current.value = Amperes(row.amperes);
    battery.cell_lowest.valid = battery.cell_highest.valid = false;
    const BatteryLimits limits = limiter.Update(battery, {}, Watts(0), kNow);
    EXPECT_NEAR(limits.charge.value(), row.charge_w, 1e-6);
    EXPECT_NEAR(limits.discharge.value(), row.discharge_w, 1e-6);
  }
}

TEST(BatteryLimiterTest, CellsThatAreNotHeardOfAnyMoreAreASilentBms) {
  BatteryLimiter limiter(Eight());
  BatteryInput battery = Middle();
  (void)limiter.Update(battery, {}, Watts(0), kNow);
  battery = Middle(kNow + 31s);  // the pack's voltage goes on …
  battery.cell_lowest.taken_at = battery.cell_highest.taken_at = kNow;  // … the cells do not
  const BatteryLimits limits = limiter.Update(battery, {}, Watts(0), kNow + 31s);
  EXPECT_TRUE(limiter.silent());
  EXPECT_EQ(limits.charge + limits.discharge, Watts(0));
}

TEST(BatteryLimiterTest, ACurrentLimitStandsUntilTheNextOneAndIsNeverNegative) {
  BatteryLimiter limiter(Eight());
  BatteryInput battery = Middle(kNow + 60s);
  battery.charge_current_limit = {Amperes(10), kNow, true};
  battery.discharge_current_limit = {Amperes(-5), kNow, true};
  const BatteryLimits limits = limiter.Update(battery, {}, Watts(0), kNow + 60s);
  EXPECT_EQ(limits.charge, Watts(264));
  EXPECT_EQ(limits.discharge, Watts(0));
}

// ---- The drop under load ----

TEST(BatteryLimiterTest, VoltagesAreJudgedAsAtRest) {
  BatterySettings settings = Eight();
  settings.resistance = Ohms(0.08);
  BatteryLimiter limiter(settings);
  // 680 W into 27.2 V are 25 A: 2.0 V of drop. At rest 25.2 V, 3.15 V each.
  BatteryLimits limits = limiter.Update({}, {Volts(27.2), kNow, true}, Watts(680), kNow);
  EXPECT_NEAR(limiter.voltage().value.value(), 25.2, 1e-9);
  EXPECT_NEAR(limits.charge.value(), 25.2 * 50, 1e-6);
  // Discharging 25 A, the terminals are 2.0 V lower than at rest.
  limits = limiter.Update({}, {Volts(25.2), kNow, true}, Watts(-630), kNow);
  EXPECT_NEAR(limiter.voltage().value.value(), 27.2, 1e-9);
}

TEST(BatteryLimiterTest, CellsAreCorrectedByTheirShareOfTheMeasuredCurrent) {
  BatterySettings settings = Eight();
  settings.resistance = Ohms(0.016);  // 2 mΩ each
  BatteryLimiter limiter(settings);
  BatteryInput battery = Middle();
  battery.current.value = Amperes(20);
  battery.cell_highest.value = Volts(3.465);  // 3.425 V at rest: half of (26.4 - 0.32) V × 50 A
  EXPECT_NEAR(limiter.Update(battery, {}, Watts(0), kNow).charge.value(), 652, 1e-6);
}

}  // namespace
}  // namespace abcds
