#include "control/core/gate.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <tuple>
#include <utility>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const MonotonicTime kNow(1000s);

// Place 0: a discharger of 600 W. Place 1: a charger of 800 W. Place 2: both ways, 400 W charging, 500 W discharging.
CoreSettings Three() {
  CoreSettings settings;
  settings.converter_count = 3;
  settings.converters[0].discharges = true;
  settings.converters[0].max_discharge = Watts(600);
  settings.converters[1].charges = true;
  settings.converters[1].max_charge = Watts(800);
  settings.converters[2].charges = settings.converters[2].discharges = true;
  settings.converters[2].max_charge = Watts(400);
  settings.converters[2].max_discharge = Watts(500);
  settings.battery.cells = 8;
  settings.battery.cell_min = Volts(3.05);
  settings.battery.cell_max = Volts(3.45);
  settings.meter.interval = 1s;
  settings.meter.latency = 500ms;
  settings.meter.timing_uncertainty = 0.45;
  return settings;
}

Inputs Good() {
  Inputs inputs;
  inputs.now = kNow;
  inputs.meter = {.power = {Watts(100), kNow - 500ms, true}, .sequence = 1, .trusted = true};
  inputs.battery.present = true;
  inputs.battery.cell_lowest = {Volts(3.30), kNow - 1s, true};
  inputs.battery.cell_highest = {Volts(3.32), kNow - 1s, true};
  return inputs;
}

using Change = std::function<void(Inputs&)>;

struct Case {
  const char* name;
  std::array<double, 3> powers;
  Change change;
  std::array<double, 3> want;
};

void Nothing(Inputs&) {}
Change MeterAge(double seconds) {
  return [seconds](Inputs& in) { in.meter.power.taken_at = kNow - FromSeconds(seconds); };
}
Change CellHigh(double volts, double age_s = 1) {
  return [=](Inputs& in) { in.battery.cell_highest = {Volts(volts), kNow - FromSeconds(age_s), true}; };
}
Change CellLow(double volts, double age_s = 1) {
  return [=](Inputs& in) { in.battery.cell_lowest = {Volts(volts), kNow - FromSeconds(age_s), true}; };
}

class GateTest : public testing::TestWithParam<Case> {};

TEST_P(GateTest, LetsThroughWhatIsAllowedAndLowersTheRest) {
  const Case& c = GetParam();
  Inputs inputs = Good();
  c.change(inputs);
  std::array<Watts, kMaxConverters> powers{};
  for (int i = 0; i < 3; ++i) powers[i] = Watts(c.powers[i]);
  const Gate::Verdict verdict = Gate(Three()).Check(inputs, false, powers);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(powers[i].value(), c.want[i]) << "place " << i;
  EXPECT_EQ(verdict.changed, c.powers != c.want);
  EXPECT_FALSE(verdict.circulation);
}

INSTANTIATE_TEST_SUITE_P(Converters, GateTest, testing::Values(
    Case{"NothingIsNothing",              {0, 0, 0},         Nothing, {0, 0, 0}},
    Case{"DischargingPasses",             {-600, 0, -500},   Nothing, {-600, 0, -500}},
    Case{"ChargingPasses",                {0, 800, 400},     Nothing, {0, 800, 400}},
    Case{"MoreDischargeThanAllowed",      {-601, 0, -501},   Nothing, {-600, 0, -500}},
    Case{"MoreChargeThanAllowed",         {0, 801, 401},     Nothing, {0, 800, 400}},
    Case{"ADischargerNeverCharges",       {100, 0, 0},       Nothing, {0, 0, 0}},
    Case{"AChargerNeverDischarges",       {0, -100, 0},      Nothing, {0, 0, 0}},
    Case{"NotANumber",                    {kNan, 0, -100},   Nothing, {0, 0, -100}},
    Case{"PlusInfinity",                  {0, kInfinity, 0}, Nothing, {0, 0, 0}},
    Case{"MinusInfinity",                 {-kInfinity, 0, 0}, Nothing, {0, 0, 0}}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(Meter, GateTest, testing::Values(
    Case{"TenSecondsOldIsTheLastToPass",  {-300, 0, 0}, MeterAge(10.0),   {-300, 0, 0}},
    Case{"OlderStopsDischarging",         {-300, 0, 0}, MeterAge(10.001), {0, 0, 0}},
    Case{"OlderStopsCharging",            {0, 300, 0},  MeterAge(10.001), {0, 0, 0}},
    Case{"InvalidStops",                  {-300, 0, 0}, [](Inputs& in) { in.meter.power.valid = false; }, {0, 0, 0}},
    Case{"NeverTrustedStops",             {-300, 0, 0}, [](Inputs& in) { in.meter.trusted = false; }, {0, 0, 0}},
    Case{"NotANumberStops",               {-300, 0, 0},
         [](Inputs& in) { in.meter.power.value = Watts(kNan); }, {0, 0, 0}}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(Battery, GateTest, testing::Values(
    Case{"NoChargeStopsChargers",         {0, 300, 200},
         [](Inputs& in) { in.battery.charge_allowed = false; }, {0, 0, 0}},
    Case{"NoChargeLetsDischargersBe",     {-300, 0, -200}, [](Inputs& in) { in.battery.charge_allowed = false; },
         {-300, 0, -200}},
    Case{"NoDischargeStopsDischargers",   {-300, 0, -200}, [](Inputs& in) { in.battery.discharge_allowed = false; },
         {0, 0, 0}},
    Case{"NoDischargeLetsChargersBe",     {0, 300, 200},  [](Inputs& in) { in.battery.discharge_allowed = false; },
         {0, 300, 200}},
    Case{"ACellUpToTheHardLimitPasses",   {0, 300, 0},    CellHigh(3.549), {0, 300, 0}},
    Case{"ACellBeyondItStopsCharging",    {0, 300, 200},  CellHigh(3.551), {0, 0, 0}},
    Case{"ACellBeyondItLetsDischarge",    {-300, 0, 0},   CellHigh(3.551), {-300, 0, 0}},
    Case{"ACellDownToTheHardLimitPasses", {-300, 0, 0},   CellLow(2.951), {-300, 0, 0}},
    Case{"ACellBelowItStopsDischarging",  {-300, 0, -100}, CellLow(2.949), {0, 0, 0}},
    Case{"ACellBelowItLetsCharge",        {0, 300, 0},    CellLow(2.949), {0, 300, 0}},
    Case{"AFreshHighCellStops",           {0, 300, 0},    CellHigh(3.7, 5.0), {0, 0, 0}},
    Case{"AnOldHighCellProvesNothing",    {0, 300, 0},    CellHigh(3.7, 5.001), {0, 300, 0}},
    Case{"AnOldLowCellProvesNothing",     {-300, 0, 0},   CellLow(2.5, 5.001), {-300, 0, 0}},
    Case{"ACellThatIsNoNumberProvesNothing", {0, 300, 0}, CellHigh(kNan), {0, 300, 0}},
    Case{"WithoutBmsItsFieldsMeanNothing", {-300, 0, 0},  [](Inputs& in) {
           in.battery.present = false;
           in.battery.discharge_allowed = false;
           in.battery.cell_lowest.value = Volts(1);
         }, {-300, 0, 0}}),
    [](const auto& row) { return row.param.name; });

Change Reads(int converter, double watts, double age_s = 1) {
  return [=](Inputs& in) {
    in.converters[static_cast<size_t>(converter)].power = {Watts(watts), kNow - FromSeconds(age_s), true};
  };
}

INSTANTIATE_TEST_SUITE_P(Circulation, GateTest, testing::Values(
    Case{"ARunningInverterStopsChargers",     {0, 300, 200}, Reads(0, -51),     {0, 0, 0}},
    Case{"ARunningChargerStopsInverters",     {-300, 0, 0},  Reads(1, 51),      {0, 0, 0}},
    Case{"WhatMayBeItsOwnNeedsStopsNobody",   {0, 300, 200}, Reads(0, -50),     {0, 300, 200}},
    Case{"TheSameDirectionIsNoCirculation",   {-300, 0, -200}, Reads(0, -300),  {-300, 0, -200}},
    Case{"AnOldReadingProvesNothing",         {0, 300, 0},   Reads(0, -300, 6), {0, 300, 0}},
    Case{"OneThatTurnsRoundIsNotItsOwnEnemy", {0, 0, 300},   Reads(2, -300),    {0, 0, 300}},
    Case{"ButItIsTheOthers",                  {0, 300, 0},   Reads(2, -300),    {0, 0, 0}}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(Operator, GateTest, testing::Values(
    Case{"ADisabledChargerDoesNotCharge",     {0, 300, 200}, [](Inputs& in) { in.intent.charger_enabled = false; },
         {0, 0, 0}},
    Case{"AndLetsDischarge",                  {-300, 0, 0},  [](Inputs& in) { in.intent.charger_enabled = false; },
         {-300, 0, 0}},
    Case{"ADisabledDischargerDoesNot",        {-300, 0, -200}, [](Inputs& in) { in.intent.discharger_enabled = false; },
         {0, 0, 0}}),
    [](const auto& row) { return row.param.name; });

TEST(GateTest, ALatchedFaultStopsEverything) {
  std::array<Watts, kMaxConverters> powers{Watts(-100), Watts(0), Watts(-100)};
  EXPECT_TRUE(Gate(Three()).Check(Good(), true, powers).changed);
  for (const Watts power : powers) EXPECT_EQ(power, Watts(0));
}

// A broker's stored value, or one replayed after an outage, comes with the time of its arrival.
TEST(GateTest, OnlyTrustedValuesMakeTheMeterFresh) {
  Gate gate(Three());
  for (const auto& [age, trusted, want] : {std::tuple{0.0, true, -300.0}, std::tuple{9.0, false, -300.0},
                                           std::tuple{11.0, false, 0.0}, std::tuple{12.0, true, -300.0}}) {
    Inputs inputs = Good();
    inputs.now = kNow + FromSeconds(age);
    inputs.meter = {{Watts(100), inputs.now, true}, 2, trusted};
    std::array<Watts, kMaxConverters> powers{Watts(-300)};
    (void)gate.Check(inputs, false, powers);
    EXPECT_EQ(powers[0].value(), want) << age << " s after the first";
  }
}

TEST(GateTest, AfterASuspendTheMeterMustSpeakAgain) {
  Gate gate(Three());
  std::array<Watts, kMaxConverters> powers{Watts(-300)};
  (void)gate.Check(Good(), false, powers);
  Inputs inputs = Good();
  inputs.samples_void = true;
  inputs.meter.trusted = false;
  (void)gate.Check(inputs, false, powers);
  EXPECT_EQ(powers[0], Watts(0));
}

TEST(GateTest, ChargerAgainstDischargerStopsEverything) {
  std::array<Watts, kMaxConverters> powers{Watts(-100), Watts(100), Watts(0)};
  const Gate::Verdict verdict = Gate(Three()).Check(Good(), false, powers);
  EXPECT_TRUE(verdict.changed);
  EXPECT_TRUE(verdict.circulation);
  for (const Watts power : powers) EXPECT_EQ(power, Watts(0));
}

TEST(GateTest, WhatIsForbiddenAnywayIsNoCirculation) {
  std::array<Watts, kMaxConverters> powers{Watts(-100), Watts(100), Watts(0)};
  Inputs inputs = Good();
  inputs.battery.charge_allowed = false;
  const Gate::Verdict verdict = Gate(Three()).Check(inputs, false, powers);
  EXPECT_FALSE(verdict.circulation);
  EXPECT_EQ(powers[0], Watts(-100));
  EXPECT_EQ(powers[1], Watts(0));
}

TEST(GateTest, PlacesWithoutAConverterGetNothing) {
  std::array<Watts, kMaxConverters> powers{};
  powers[3] = Watts(-100);
  powers[7] = Watts(-100);
  EXPECT_TRUE(Gate(Three()).Check(Good(), false, powers).changed);
  EXPECT_EQ(powers[3], Watts(0));
  EXPECT_EQ(powers[7], Watts(0));
}

TEST(GateTest, ADirectionThatADeviceDoesNotHaveIsClosedWhateverItsLimitSays) {
  CoreSettings settings = Three();
  settings.converters[0].max_charge = Watts(600);
  settings.converters[1].max_discharge = Watts(800);
  std::array<Watts, kMaxConverters> charge{Watts(100)};
  EXPECT_TRUE(Gate(settings).Check(Good(), false, charge).changed);
  EXPECT_EQ(charge[0], Watts(0));
  std::array<Watts, kMaxConverters> discharge{Watts(0), Watts(-100)};
  EXPECT_TRUE(Gate(settings).Check(Good(), false, discharge).changed);
  EXPECT_EQ(discharge[1], Watts(0));
}

TEST(GateTest, ASlowMeterMayBeOlder) {
  CoreSettings settings = Three();
  settings.meter.interval = 10s;  // 30 s + 0.5 s × 1.45
  for (const auto& [age, want] : {std::pair{30.72, -300.0}, {30.73, 0.0}}) {
    Inputs inputs = Good();
    MeterAge(age)(inputs);
    std::array<Watts, kMaxConverters> powers{Watts(-300)};
    (void)Gate(settings).Check(inputs, false, powers);
    EXPECT_EQ(powers[0].value(), want) << age << " s old";
  }
}

// Whatever is thrown at it: never more than allowed, never both directions, and only ever less than asked.
TEST(GateTest, NothingUnsafePassesWhateverIsAsked) {
  const CoreSettings settings = Three();
  Gate gate(settings);
  std::mt19937_64 random(7);
  auto watts = [&random] {
    switch (random() % 10) {
      case 0: return kNan;
      case 1: return kInfinity;
      case 2: return -kInfinity;
      default: return static_cast<double>(random() % 4001) - 2000.0;
    }
  };
  for (int i = 0; i < 100'000; ++i) {
    Inputs inputs = Good();
    MeterAge(static_cast<double>(random() % 12))(inputs);
    inputs.battery.charge_allowed = random() % 3 != 0;
    inputs.battery.discharge_allowed = random() % 3 != 0;
    std::array<Watts, kMaxConverters> asked{};
    for (Watts& power : asked) power = Watts(random() % 2 == 0 ? 0.0 : watts());
    std::array<Watts, kMaxConverters> powers = asked;
    (void)gate.Check(inputs, false, powers);
    bool charges = false;
    bool discharges = false;
    for (int place = 0; place < kMaxConverters; ++place) {
      const double power = powers[place].value();
      ASSERT_LE(power, settings.converters[place].max_charge.value());
      ASSERT_GE(power, -settings.converters[place].max_discharge.value());
      ASSERT_TRUE(power == 0.0 || std::abs(power) <= std::abs(asked[place].value()));
      ASSERT_FALSE(power > 0.0 && !inputs.battery.charge_allowed);
      ASSERT_FALSE(power < 0.0 && !inputs.battery.discharge_allowed);
      charges |= power > 0.0;
      discharges |= power < 0.0;
    }
    ASSERT_FALSE(charges && discharges);
  }
}

}  // namespace
}  // namespace abcds
