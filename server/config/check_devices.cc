#include <cctype>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/config/check.h"
#include "server/config/check_buses.h"
#include "server/config/field_rules.h"

namespace abcds {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;

namespace {

constexpr size_t kLongestName = 40;

void CheckName(const Message& message, int number, const Scope& scope) {
  if (!IsGiven(message, number)) return;
  const std::string name = TextInForce(message, number);
  if (name.empty()) {
    // A required empty name is already reported as such.
    if (!RuleOf(Field(message, number)).required) scope.Add(Field(message, number), "is empty");
    return;
  }
  bool good = name.size() <= kLongestName;
  for (const unsigned char c : name) good = good && (std::isalnum(c) != 0 || c == '-' || c == '_');
  if (!good) {
    scope.Add(Field(message, number),
              absl::StrCat("= \"", name, "\" is no name: 1 to ", kLongestName, " letters, digits, - and _"));
  }
}

// Names of devices are labels of metrics and arguments of commands: one name, one device.
class UniqueNames {
 public:
  void Check(const std::string& name, const Message& message, int number, const Scope& scope) {
    if (name.empty()) return;
    const auto [known, is_new] = owners_.emplace(name, scope.path());
    if (!is_new) {
      scope.Add(Field(message, number), absl::StrCat("= \"", name, "\" is already the name of ", known->second));
    }
  }

 private:
  std::map<std::string, std::string> owners_;  // name → path
};

void CheckNames(const v1::Config& config, const Scope& root) {
  CheckName(config, v1::Config::kSiteFieldNumber, root);
  UniqueNames bus_names;
  for (int i = 0; i < config.bus_size(); ++i) {
    const Scope scope = root.Nested(Field(config, v1::Config::kBusFieldNumber), i);
    CheckName(config.bus(i), v1::Bus::kNameFieldNumber, scope);
    bus_names.Check(config.bus(i).name(), config.bus(i), v1::Bus::kNameFieldNumber, scope);
  }
  for (int i = 0; i < config.can_bus_size(); ++i) {
    const Scope scope = root.Nested(Field(config, v1::Config::kCanBusFieldNumber), i);
    CheckName(config.can_bus(i), v1::CanBus::kNameFieldNumber, scope);
    bus_names.Check(config.can_bus(i).name(), config.can_bus(i), v1::CanBus::kNameFieldNumber, scope);
  }
  UniqueNames device_names;
  const auto check = [&](const Message& device, int number, const std::string& name, const Scope& scope) {
    CheckName(device, number, scope);
    device_names.Check(name, device, number, scope);
  };
  if (config.has_meter()) {
    check(config.meter(), v1::Meter::kNameFieldNumber, TextInForce(config.meter(), v1::Meter::kNameFieldNumber),
          root.Nested(Field(config, v1::Config::kMeterFieldNumber)));
  }
  if (config.has_bms()) {
    check(config.bms(), v1::Bms::kNameFieldNumber, TextInForce(config.bms(), v1::Bms::kNameFieldNumber),
          root.Nested(Field(config, v1::Config::kBmsFieldNumber)));
  }
  for (int i = 0; i < config.converter_size(); ++i) {
    check(config.converter(i), v1::Converter::kNameFieldNumber, config.converter(i).name(),
          root.Nested(Field(config, v1::Config::kConverterFieldNumber), i));
  }
}

// Reports an entry without a device.
void CheckHasDevice(const Message& entry, const Scope& scope) {
  if (DeviceOf(entry).field != nullptr) return;
  std::string arms;
  const OneofDescriptor* device = entry.GetDescriptor()->FindOneofByName("device");
  for (int i = 0; i < device->field_count(); ++i) {
    if (scope.IsUnreadable(*device->field(i))) return;
    absl::StrAppend(&arms, i == 0 ? "" : ", ", device->field(i)->name());
  }
  scope.Add(absl::StrCat("has no device: one of ", arms));
}

void CheckConverter(const v1::Converter& converter, const DeviceRules& rules, const Scope& scope) {
  using v1::Converter;
  const ConverterSettings device = rules.ConverterDefaults(converter);
  const ConverterSettings settings = ConverterSettingsOf(converter, rules);
  const auto check = [&](bool able, const char* verb, int max_number, Watts device_max, int min_number, Watts min,
                         Watts max) {
    if (!able) {
      for (const int number : {max_number, min_number}) {
        if (IsGiven(converter, number) && NumberInForce(converter, number) != 0) {
          scope.Add(Field(converter, number), absl::StrCat("= ", FormatNumber(NumberInForce(converter, number)), ": a ",
                                                           rules.name(), " of this kind cannot ", verb));
        }
      }
      return;
    }
    if (IsGiven(converter, max_number) && max > device_max) {
      scope.Add(Field(converter, max_number),
                absl::StrCat("= ", FormatNumber(max.value()), " is more than this device can do (",
                             FormatNumber(device_max.value()), ")"));
    }
    // 0 switches the direction off.
    if (max > Watts(0) && min > max) {
      scope.Add(Field(converter, IsGiven(converter, min_number) ? min_number : max_number),
                absl::StrCat("leaves no power between the minimum of ", FormatNumber(min.value()),
                             " W and the maximum of ", FormatNumber(max.value()), " W to ", verb, " with"));
    }
  };
  check(device.charges, "charge", Converter::kMaxChargeWFieldNumber, device.max_charge,
        Converter::kMinChargeWFieldNumber, settings.min_charge, settings.max_charge);
  check(device.discharges, "discharge", Converter::kMaxDischargeWFieldNumber, device.max_discharge,
        Converter::kMinDischargeWFieldNumber, settings.min_discharge, settings.max_discharge);
  if (!settings.charges && !settings.discharges && (device.charges || device.discharges)) {
    scope.Add("may neither charge nor discharge: both of its maxima are 0");
  }
}

}  // namespace

void CheckDevices(const v1::Config& config, const DeviceCatalog& catalog, const Scope& root) {
  CheckNames(config, root);
  CheckBuses(config, root);
  BusUsers bus_users(config, catalog);
  std::string simulated;  // path of one
  std::string real;

  // Returns the rules that hold for `entry`, if it has a device.
  const auto check = [&](const Message& entry, DeviceKind kind, const Scope& scope) -> const DeviceRules* {
    CheckHasDevice(entry, scope);
    bus_users.Check(entry, kind, scope);
    const DeviceRules* rules = RulesOf(catalog, kind, entry);
    if (rules != nullptr) (rules->simulated() ? simulated : real) = scope.path();
    return rules;
  };

  if (config.has_meter()) {
    const Scope scope = root.Nested(Field(config, v1::Config::kMeterFieldNumber));
    const DeviceRules* rules = check(config.meter(), DeviceKind::kMeter, scope);
    if (rules != nullptr) rules->CheckMeter(config.meter(), scope);
  } else if (!root.IsUnreadable(Field(config, v1::Config::kMeterFieldNumber))) {
    root.Add("meter is missing: without one the grid's power is unknown");
  }
  if (config.has_bms()) {
    const Scope scope = root.Nested(Field(config, v1::Config::kBmsFieldNumber));
    const DeviceRules* rules = check(config.bms(), DeviceKind::kBms, scope);
    if (rules != nullptr) rules->CheckBms(config.bms(), scope);
  }
  std::map<std::string, std::string> simulated_arms;  // arm → path
  std::map<std::string, std::string> places;          // what is acted on → path
  bool measured = config.has_bms() || root.IsUnreadable(Field(config, v1::Config::kBmsFieldNumber));
  for (int i = 0; i < config.converter_size(); ++i) {
    const Scope scope = root.Nested(Field(config, v1::Config::kConverterFieldNumber), i);
    const DeviceRules* rules = check(config.converter(i), DeviceKind::kConverter, scope);
    measured = measured || rules == nullptr || rules->measures_battery();
    if (rules == nullptr) continue;
    rules->CheckConverter(config.converter(i), scope);
    if (!config.has_bms() && !root.IsUnreadable(Field(config, v1::Config::kBmsFieldNumber))) {
      rules->CheckWithoutBms(config.converter(i), scope);
    }
    if (rules->simulated()) {
      const auto [known, is_new] = simulated_arms.emplace(rules->arm(), scope.path());
      if (!is_new)
        scope.Add(absl::StrCat("is a second ", rules->arm(), "; the simulated house has one, ", known->second));
    }
    CheckConverter(config.converter(i), *rules, scope);
    if (const std::string place = rules->place(config.converter(i)); !place.empty()) {
      const auto [known, is_new] = places.emplace(place, scope.path());
      if (!is_new) scope.Add(absl::StrCat("acts on ", place, ", as ", known->second, " does: one of them is too much"));
    }
  }
  if (config.converter_size() == 0) {
    root.Add("converter is missing: at least one charger or inverter");
  } else if (!measured) {
    root.Add(
        "nothing here measures the battery's voltage, and without it nothing is charged: add a bms, or a converter that "
        "measures it");
  } else if (config.converter_size() > kMaxConverters) {
    root.Add(absl::StrCat("converter is given ", config.converter_size(), " times; at most ", kMaxConverters));
  }
  if (!simulated.empty() && !real.empty()) {
    root.Add(
        absl::StrCat(simulated, " is simulated and ", real,
                     " is real hardware: a simulated house must not steer a real battery, nor be steered with one"));
  }
}

}  // namespace abcds
