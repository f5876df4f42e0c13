// Every reason that a decision can have, in the situation it is for.
#include <gtest/gtest.h>

#include <functional>

#include "control/core/names.h"
#include "control/core/small_site.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

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
  site.seen.reset();
  for (Reasons& one : site.seen_at) one.reset();
  c.change(site);
  site.Run(c.then_s);
  const Reasons& seen = c.who < 0 ? site.seen : site.seen_at[c.who];
  EXPECT_TRUE(seen.test(static_cast<size_t>(c.want)));
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
    Situation{"TooSoonAfterTheLastWrite", [](CoreSettings& s) { s.converters[0].minimum_interval = 30s; }, No,
              Load(500), 5, kInverter, Reason::kMinimumInterval, true},
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
    Situation{"OnlyTheGateSaysNo",
              [](CoreSettings& s) {
                s.battery.resistance = Ohms(0.0256);
                s.battery.max_charge_current = Amperes(400);
              },
              Load(-400),
              [](Site& s) {
                s.cell_high = 3.60;
                s.amperes = 50;
              }, 2, kCharger, Reason::kGate, false}),
    [](const auto& row) { return row.param.name; });

void StopMeter(Site& s) { s.meter_sends = false; }

INSTANTIATE_TEST_SUITE_P(Meter, SituationTest, testing::Values(
    Situation{"NeverHeard", AsIs, StopMeter, [](Site& s) { s.seen.set(static_cast<size_t>(s.out.plant.reason)); }, 0, kPlant,
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

}  // namespace
}  // namespace abcds
