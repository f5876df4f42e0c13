#include "server/plant/explain.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/plant/fake_cycle.h"

namespace abcds {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr MonotonicTime kNow{std::chrono::hours(5)};

struct Case {
  const char* name;
  int converter;  // -1: the plant
  Reason reason;
  double setpoint_w;
  double wanted_w;
  void (*change)(Snapshot& snapshot);
  const char* want;
};

void Nothing(Snapshot&) {}

class ExplainTest : public testing::TestWithParam<Case> {};

TEST_P(ExplainTest, IsASentence) {
  const Case& c = GetParam();
  SiteFacts facts = FakeSite();
  facts.settings.battery.soc_min = Ratio(0.1);
  facts.settings.battery.soc_restart = Ratio(0.15);
  Snapshot snapshot = FakeSnapshot(kNow);
  Decision& decision = c.converter < 0 ? snapshot.outputs.plant
                                       : snapshot.outputs.converters[static_cast<size_t>(c.converter)].decision;
  decision.reason = c.reason;
  decision.setpoint = Watts(c.setpoint_w);
  decision.wanted = Watts(c.wanted_w);
  decision.limit = Watts(600);
  c.change(snapshot);
  EXPECT_EQ(c.converter < 0 ? ExplainPlant(facts, snapshot) : ExplainConverter(facts, snapshot, c.converter), c.want);
}

INSTANTIATE_TEST_SUITE_P(Why, ExplainTest, testing::Values(
    Case{"Discharging", -1, Reason::kRegulating, -390, -391, Nothing,
         "Discharging 390 W: follows the load estimate of 411 W"},
    Case{"ToAnotherTarget", -1, Reason::kRegulating, 390, 391, [](Snapshot& s) { s.outputs.target = Watts(-50); },
         "Charging 390 W: follows the load estimate of 411 W, to hold the grid at -50 W"},
    Case{"NoMinusZero", -1, Reason::kNothingToDo, -0.3, -0.2, Nothing,
         "0 W: nothing to do: house and sun are in balance"},
    Case{"Deadband", 1, Reason::kDeadband, -390, -395, Nothing,
         "Discharging 390 W: the wanted 395 W is within its deadband of 10 W"},
    Case{"MinimumInterval", 1, Reason::kMinimumInterval, -390, -450, Nothing,
         "Discharging 390 W: its last setpoint is less than 0.5 s old; wants to discharge 450 W"},
    Case{"SlewRate", 1, Reason::kSlewRate, -390, -600, Nothing,
         "Discharging 390 W: on the way to 600 W at 200 W/s, its greatest speed of change"},
    Case{"BelowMinimum", 1, Reason::kBelowMinimum, -25, -12,
         [](Snapshot& s) { s.outputs.converters[1].decision.limit = Watts(25); },
         "Discharging 25 W: the wanted 12 W is less than its minimum of 25 W"},
    Case{"BelowTheStepOfAnOnOffCharger", 0, Reason::kBelowMinimum, 0, 0, Nothing,
         "0 W: what is wanted is less than its minimum of 600 W"},
    Case{"ReversalHold", -1, Reason::kReversalHold, 0, 300, Nothing,
         "0 W: waits 2.0 s between charging and discharging; then wants to charge 300 W"},
    Case{"ConverterLimit", 1, Reason::kConverterLimit, -600, -900, Nothing,
         "Discharging 600 W: its limit of 600 W; wants to discharge 900 W"},
    Case{"ConverterSilent", 0, Reason::kConverterNotReady, 0, 300, Nothing,
         "0 W: the device does not answer yet, or no longer; check its cable and supply"},
    Case{"ConverterFaulty", 0, Reason::kConverterNotReady, 0, 300,
         [](Snapshot& s) { s.converter_states[0].lifecycle = Lifecycle::kFaulty; },
         "0 W: the device reports a fault or refuses commands"},
    Case{"BatteryEmpty", -1, Reason::kBatteryEmpty, 0, -391,
         [](Snapshot& s) { s.outputs.battery_voltage.value = Volts(24.3); },
         "0 W: battery empty (24.3 V at 8 cells, state of charge 53 %, limit 3.05 V per cell or 10 %; restarts at 3.20 V "
         "and 15 %)"},
    Case{"BatteryFullWithoutBms", -1, Reason::kBatteryFull, 0, 500,
         [](Snapshot& s) {
           s.outputs.battery_voltage.value = Volts(27.6);
           s.battery.soc.valid = false;
         },
         "0 W: battery full (27.6 V at 8 cells, limit 3.45 V per cell; charges again at 3.34 V)"},
    Case{"OwnCurrentLimit", -1, Reason::kBatteryCurrentLimit, 1280, 2000, Nothing,
         "Charging 1280 W: the configured battery current limit of 50.0 A allows 1280 W"},
    Case{"BmsCurrentLimit", -1, Reason::kBatteryCurrentLimit, -300, -2000,
         [](Snapshot& s) {
           s.battery.discharge_current_limit = {Amperes(12), kNow, true};
           s.outputs.battery_limits.discharge = Watts(300);
         },
         "Discharging 300 W: the BMS's current limit of 12.0 A allows 300 W"},
    Case{"CurrentLimitSharedWithASolarCharger", -1, Reason::kBatteryCurrentLimit, 280, 2000,
         [](Snapshot& s) {
           s.outputs.battery_limits.charge = Watts(280);
           s.outputs.battery_limits.other = Watts(1000);
         },
         "Charging 280 W: the configured battery current limit of 50.0 A allows 280 W beside the 1000 W of others on the "
         "battery"},
    Case{"HighestCell", -1, Reason::kCellVoltageLimit, 100, 900,
         [](Snapshot& s) { s.battery.cell_highest = {Volts(3.441), kNow, true}; },
         "Charging 100 W: the highest cell at 3.441 V is close to or beyond the limit of 3.45 V per cell"},
    Case{"ColdBattery", -1, Reason::kTemperatureLimit, 0, 900,
         [](Snapshot& s) {
           s.battery.temperature_lowest = {Celsius(1.5), kNow, true};
           s.battery.temperature_highest = {Celsius(3), kNow, true};
         },
         "0 W: battery temperature close to or beyond its limits for charging (2 to 45 °C; now 1.5 to 3.0 °C)"},
    Case{"NoTemperature", -1, Reason::kTemperatureLimit, 0, 900,
         [](Snapshot& s) { s.battery.temperature_lowest.valid = s.battery.temperature_highest.valid = false; },
         "0 W: the BMS reports no temperature, and frozen cells must not be charged: check its sensor, or see "
         "charge_without_temperature in the configuration"},
    Case{"DisabledWhereNothingIsWantedOfTheDevice", 0, Reason::kDisabled, 0, 0,
         [](Snapshot& s) { s.outputs.plant.wanted = Watts(300); }, "0 W: charging is disabled; `abcdsctl enable charger` allows it"},
    Case{"BmsForbids", -1, Reason::kBatteryForbids, 0, -400, Nothing, "0 W: the BMS does not allow discharging"},
    Case{"BmsSilent", -1, Reason::kBatterySilent, 0, -400,
         [](Snapshot& s) { s.battery.voltage.taken_at = kNow - seconds(35); },
         "0 W: the BMS has not answered for 35 s; check its cable"},
    Case{"MeterFading", -1, Reason::kMeterFading, -200, -400,
         [](Snapshot& s) { s.meter.power.taken_at = kNow - milliseconds(4200); },
         "Discharging 200 W: power is being reduced, because the meter falls silent: its last value is 4.2 s old"},
    Case{"MeterSilent", -1, Reason::kMeterSilent, 0, -400,
         [](Snapshot& s) { s.meter.power.taken_at = kNow - minutes(3); },
         "0 W: the meter is silent: its last value is 3 min old"},
    Case{"Observing", -1, Reason::kObserving, 0, -391, Nothing,
         "0 W: mode observe keeps every converter at 0 W; would discharge 391 W"},
    Case{"ForcedWithAnEnd", -1, Reason::kForced, 500, 500,
         [](Snapshot& s) {
           s.intent.mode = Mode::kForced;
           s.intent.forced_power = Watts(500);
           s.intent.forced_until_soc = Ratio(0.8);
           s.intent.mode_ends = kNow + minutes(12);
         },
         "Charging 500 W: forced to charge 500 W until 80 % state of charge, for another 12 min at most"},
    Case{"ModeForbids", -1, Reason::kModeForbids, 0, -100,
         [](Snapshot& s) { s.outputs.mode = Mode::kChargeOnly; }, "0 W: mode charge-only forbids discharging"},
    Case{"Disabled", -1, Reason::kDisabled, 0, 100, Nothing, "0 W: charging is disabled; `abcdsctl enable charger` allows it"},
    Case{"CheckingMeter", -1, Reason::kCheckingMeter, -470, -600, Nothing,
         "Discharging 470 W: a small step for some seconds, to see whether the meter shows it"},
    Case{"Latched", -1, Reason::kFaultLatched, 0, 100,
         [](Snapshot& s) { AddFault(s, FaultId::kMeterDisagrees, -1, true, true); },
         "0 W: fault latched: meter_disagrees; clear it once its cause has gone"},
    Case{"LatchedOnAnotherConverter", 0, Reason::kFaultLatched, 0, 100,
         [](Snapshot& s) { AddFault(s, FaultId::kConverterFaulty, 1, true, true); },
         "0 W: fault latched; clear it once its cause has gone"}),
    [](const auto& info) { return info.param.name; });

TEST(ExplainTableTest, EveryReasonHasItsOwnSentenceForPlantAndConverter) {
  const SiteFacts facts = FakeSite();
  std::set<std::string> plant;
  std::set<std::string> converter;
  const int count = static_cast<int>(Reason::kCount);
  for (int i = 0; i < count; ++i) {
    Snapshot snapshot = FakeSnapshot(kNow);
    snapshot.outputs.plant.reason = static_cast<Reason>(i);
    snapshot.outputs.converters[1].decision.reason = static_cast<Reason>(i);
    plant.insert(ExplainPlant(facts, snapshot));
    converter.insert(ExplainConverter(facts, snapshot, 1));
    EXPECT_THAT(*plant.rbegin(), testing::Not(HasSubstr("the reason is unknown")));
  }
  EXPECT_EQ(plant.size(), static_cast<size_t>(count));
  EXPECT_EQ(converter.size(), static_cast<size_t>(count));
}

TEST(ExplainTableTest, NothingIsSaidOfWhatWasNeverMeasured) {
  const SiteFacts facts = FakeSite();
  for (int i = 0; i < static_cast<int>(Reason::kCount); ++i) {
    Snapshot snapshot;
    snapshot.time = kNow;
    snapshot.converter_count = 2;
    snapshot.outputs.plant.reason = static_cast<Reason>(i);
    EXPECT_THAT(ExplainPlant(facts, snapshot), testing::Not(HasSubstr("nan")));
    EXPECT_THAT(ExplainPlant(facts, snapshot), testing::Not(HasSubstr("2562047 h"))) << "an age since never";
  }
}

TEST(DescribeEventTest, NamesTheDevice) {
  const SiteFacts facts = FakeSite();
  Event event;
  event.kind = Event::Kind::kFaultRaised;
  event.fault = FaultId::kConverterSilent;
  event.converter = 1;
  EXPECT_THAT(DescribeEvent(facts, event), testing::StartsWith("inverter: fault converter_silent: "));
  event.converter = 7;
  EXPECT_THAT(DescribeEvent(facts, event), testing::StartsWith("fault converter_silent: "));
}

TEST(DescribeEventTest, ModesAreWrittenAsPeopleTypeThem) {
  Event event;
  event.kind = Event::Kind::kModeChanged;
  event.mode = Mode::kDischargeOnly;
  EXPECT_EQ(DescribeEvent(FakeSite(), event), "mode discharge-only");
}

TEST(DescribeEventTest, EveryKindHasASentence) {
  const SiteFacts facts = FakeSite();
  std::set<std::string> texts;
  for (int kind = 0; kind <= static_cast<int>(Event::Kind::kMissedCycles); ++kind) {
    Event event;
    event.kind = static_cast<Event::Kind>(kind);
    event.fault = FaultId::kMeterSilent;
    event.count = 3;
    texts.insert(DescribeEvent(facts, event));
  }
  EXPECT_EQ(texts.size(), static_cast<size_t>(Event::Kind::kMissedCycles) + 1);
  EXPECT_EQ(texts.count("unknown event"), 0u);
}

}  // namespace
}  // namespace abcds
