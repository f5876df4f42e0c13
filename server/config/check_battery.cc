#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/config/battery_currents.h"
#include "server/config/check.h"
#include "server/config/field_rules.h"

namespace abcds {

using google::protobuf::Message;
using v1::Battery;

namespace {

// More than three times the capacity per hour is beyond what LiFePO4 cells of this kind are sold for: most likely a
// slipped decimal point.
constexpr double kMostCurrentPerCapacity = 3;
// A larger drop under load would let the correction for it hide an empty or overfull battery.
constexpr double kMostDropShare = 0.1;
constexpr double kNominalCellVoltage = 3.2;
// The last 5 °C at each end are for derating; something must be left between them.
constexpr double kLeastTemperatureSpan = 11;

std::string Describe(const Message& message, int number) {
  return absl::StrCat(Field(message, number).name(), " = ", FormatNumber(NumberInForce(message, number)),
                      IsGiven(message, number) ? "" : " (default)");
}

// Reports `low` and `high` where low <= high (low < high where `strict`) does not hold, at the one that the file gives.
void CheckOrder(const Battery& battery, int low, int high, bool strict, const Scope& scope) {
  const double low_value = NumberInForce(battery, low);
  const double high_value = NumberInForce(battery, high);
  if (strict ? low_value < high_value : low_value <= high_value) return;
  const bool blame_low = IsGiven(battery, low);
  const int blamed = blame_low ? low : high;
  scope.Add(Field(battery, blamed),
            absl::StrCat("= ", FormatNumber(NumberInForce(battery, blamed)), " must be ", strict ? "" : "at or ",
                         blame_low ? "below " : "above ", Describe(battery, blame_low ? high : low)));
}

void CheckTemperatures(const Battery& battery, int low, int high, const Scope& scope) {
  const double span = NumberInForce(battery, high) - NumberInForce(battery, low);
  if (span >= kLeastTemperatureSpan) return;
  const int blamed = IsGiven(battery, low) ? low : high;
  scope.Add(Field(battery, blamed),
            absl::StrCat("= ", FormatNumber(NumberInForce(battery, blamed)), " leaves less than ",
                         FormatNumber(kLeastTemperatureSpan), " °C to ", Describe(battery, blamed == low ? high : low),
                         "; power is derated over the last 5 °C at each end"));
}

void CheckNeedsBms(const Battery& battery, const Scope& scope) {
  for (const int number :
       {Battery::kSocMinFieldNumber, Battery::kSocRestartFieldNumber, Battery::kChargeTemperatureMinCFieldNumber,
        Battery::kChargeTemperatureMaxCFieldNumber, Battery::kDischargeTemperatureMinCFieldNumber,
        Battery::kDischargeTemperatureMaxCFieldNumber}) {
    if (IsGiven(battery, number)) scope.Add(Field(battery, number), "needs a bms to be measured by; the file has none");
  }
}

void CheckCurrents(const Battery& battery, const Scope& scope) {
  const BatteryCurrents currents = CurrentsOf(battery);
  const auto check_rate = [&](int number, double current) {
    if (IsGiven(battery, number) && current > kMostCurrentPerCapacity * battery.capacity_ah()) {
      scope.Add(Field(battery, number),
                absl::StrCat("= ", FormatNumber(current), " is more than ", FormatNumber(kMostCurrentPerCapacity),
                             " times capacity_ah = ", FormatNumber(battery.capacity_ah()), " per hour"));
    }
  };
  check_rate(Battery::kMaxChargeCurrentAFieldNumber, currents.charge);
  check_rate(Battery::kMaxDischargeCurrentAFieldNumber, currents.discharge);

  const double full_current = NumberInForce(battery, Battery::kFullCurrentAFieldNumber);
  if (full_current >= currents.charge) {
    const bool blame_full = IsGiven(battery, Battery::kFullCurrentAFieldNumber);
    scope.Add(Field(battery, blame_full ? Battery::kFullCurrentAFieldNumber : Battery::kMaxChargeCurrentAFieldNumber),
              absl::StrCat("makes full_current_a = ", FormatNumber(full_current), " reach max_charge_current_a = ",
                           FormatNumber(currents.charge), ": the battery would count as full while charging normally"));
  }

  const double resistance = NumberInForce(battery, Battery::kResistanceMohmFieldNumber) * 1e-3;
  const double drop = resistance * std::max(currents.charge, currents.discharge);
  const double pack = battery.cells() * kNominalCellVoltage;
  if (drop > kMostDropShare * pack) {
    scope.Add(Field(battery, Battery::kResistanceMohmFieldNumber),
              absl::StrCat("= ", FormatNumber(resistance * 1e3), " drops ", FormatNumber(drop),
                           " V at the largest current, more than a tenth of ", FormatNumber(pack), " V"));
  }
}

// What the battery can give and take against what the converters need and can.
void CheckPower(const v1::Config& config, const DeviceCatalog& catalog, const Scope& root) {
  const Battery& battery = config.battery();
  const BatteryCurrents currents = CurrentsOf(battery);
  const double full_voltage = battery.cells() * NumberInForce(battery, Battery::kCellVoltageMaxFieldNumber);
  Watts charge;
  Watts discharge;
  for (int i = 0; i < config.converter_size(); ++i) {
    const v1::Converter& converter = config.converter(i);
    const DeviceRules* rules = RulesOf(catalog, DeviceKind::kConverter, converter);
    if (rules == nullptr) continue;
    const Scope scope = root.Nested(Field(config, v1::Config::kConverterFieldNumber), i);
    rules->CheckAgainstBattery(converter, battery, scope);
    const ConverterSettings settings = ConverterSettingsOf(converter, *rules);
    const auto check = [&](bool able, Watts minimum, double current, const char* verb, const char* limit) {
      const double most = full_voltage * current;
      if (able && minimum.value() > most) {
        scope.Add(absl::StrCat("could never ", verb, ": it needs at least ", FormatNumber(minimum.value()), " W, and ",
                               limit, " = ", FormatNumber(current), " allows ", FormatNumber(most), " W"));
      }
    };
    check(settings.charges, settings.min_charge, currents.charge, "charge", "battery.max_charge_current_a");
    check(settings.discharges, settings.min_discharge, currents.discharge, "discharge",
          "battery.max_discharge_current_a");
    if (settings.charges) charge += settings.max_charge;
    if (settings.discharges) discharge += settings.max_discharge;
  }
  const double plausible = NumberInForce(config.meter(), v1::Meter::kPlausibleWFieldNumber);
  const double most = std::max(charge.value(), discharge.value());
  if (config.has_meter() && most > plausible) {
    root.Nested(Field(config, v1::Config::kMeterFieldNumber))
        .Add(Field(config.meter(), v1::Meter::kPlausibleWFieldNumber),
             absl::StrCat("= ", FormatNumber(plausible), " is less than the converters' ", FormatNumber(most),
                          " W: the meter's own values would be refused"));
  }
}

}  // namespace

void CheckBattery(const v1::Config& config, const DeviceCatalog& catalog, const Scope& root) {
  if (!config.has_battery()) {
    if (!root.IsUnreadable(Field(config, v1::Config::kBatteryFieldNumber))) {
      root.Add("battery is missing: at least its cells and capacity_ah");
    }
    return;
  }
  const Battery& battery = config.battery();
  const Scope scope = root.Nested(Field(config, v1::Config::kBatteryFieldNumber));
  CheckOrder(battery, Battery::kCellVoltageMinFieldNumber, Battery::kCellVoltageMinRestartFieldNumber, true, scope);
  CheckOrder(battery, Battery::kCellVoltageMinRestartFieldNumber, Battery::kCellVoltageMaxRestartFieldNumber, true,
             scope);
  CheckOrder(battery, Battery::kCellVoltageMaxRestartFieldNumber, Battery::kCellVoltageMaxFieldNumber, false, scope);
  CheckOrder(battery, Battery::kSocMinFieldNumber, Battery::kSocRestartFieldNumber, true, scope);
  CheckTemperatures(battery, Battery::kChargeTemperatureMinCFieldNumber, Battery::kChargeTemperatureMaxCFieldNumber,
                    scope);
  CheckTemperatures(battery, Battery::kDischargeTemperatureMinCFieldNumber,
                    Battery::kDischargeTemperatureMaxCFieldNumber, scope);
  if (!config.has_bms()) CheckNeedsBms(battery, scope);
  // The rest computes with these two; where they are missing that is reported already.
  if (battery.cells() == 0 || !(battery.capacity_ah() > 0)) return;
  CheckCurrents(battery, scope);
  CheckPower(config, catalog, root);
}

}  // namespace abcds
