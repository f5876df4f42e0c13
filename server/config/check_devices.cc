#include <cctype>
#include <climits>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/config/check.h"
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

// Two paths to one port (a link in /dev/serial/by-id and /dev/ttyUSB0) are one port.
std::string RealPort(const std::string& port) {
  if (absl::StartsWith(port, "tcp://")) return port;
  char resolved[PATH_MAX];
  return realpath(port.c_str(), resolved) == nullptr ? port : std::string(resolved);
}

void CheckBuses(const v1::Config& config, const Scope& root) {
  std::map<std::string, std::string> owners;  // port → path of its bus
  for (int i = 0; i < config.bus_size(); ++i) {
    const v1::Bus& bus = config.bus(i);
    const Scope scope = root.Nested(Field(config, v1::Config::kBusFieldNumber), i);
    const FieldDescriptor& port = Field(bus, v1::Bus::kPortFieldNumber);
    if (!bus.port().empty()) {
      std::string host;
      int number = 0;
      if (absl::StartsWith(bus.port(), "tcp://") ? !SplitHostPort(bus.port().substr(6), host, number)
                                                 : bus.port().front() != '/') {
        scope.Add(port, absl::StrCat("= \"", bus.port(),
                                     "\" must be a full path (\"/dev/serial/by-id/…\") or \"tcp://host:port\""));
      }
      const auto [known, is_new] = owners.emplace(RealPort(bus.port()), scope.path());
      if (!is_new) {
        scope.Add(port, absl::StrCat("= \"", bus.port(), "\" is already the port of ", known->second,
                                     "; devices on one line share one bus"));
      }
    }
    if (bus.has_baud()) {
      static constexpr uint32_t kSteps[] = {1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};
      bool known = bus.baud() < kSteps[0] || bus.baud() > 115200;  // those are reported as outside the range
      for (const uint32_t step : kSteps) known = known || bus.baud() == step;
      if (!known) {
        scope.Add(Field(bus, v1::Bus::kBaudFieldNumber),
                  absl::StrCat("= ", bus.baud(), " is none of 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200"));
      }
    }
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

// What devices on shared lines may not do to each other. A device on a line has the fields `bus` and, where several fit
// on one, `address`.
class BusUsers {
 public:
  BusUsers(const v1::Config& config, const DeviceCatalog& catalog) : config_(config), catalog_(catalog) {}

  void Check(const Message& entry, DeviceKind kind, const Scope& entry_scope) {
    const SelectedDevice device = DeviceOf(entry);
    if (device.field == nullptr) return;
    const Message& options = *device.options;
    const FieldDescriptor* bus_field = options.GetDescriptor()->FindFieldByName("bus");
    if (bus_field == nullptr) return;
    const Scope scope = entry_scope.Nested(*device.field);
    const std::string name = options.GetReflection()->GetString(options, bus_field);
    if (name.empty()) return;  // reported as missing
    const v1::Bus* bus = Find(name);
    if (bus == nullptr) {
      scope.Add(*bus_field, absl::StrCat("= \"", name, "\" is the name of no bus", Known()));
      return;
    }
    const DeviceRules* rules = RulesOf(catalog_, kind, entry);
    if (rules == nullptr) return;
    const auto [first, is_first] = first_users_.emplace(name, FirstUser{rules, scope.path()});
    const FirstUser& other = first->second;
    if (!is_first && other.rules->bus_protocol() != rules->bus_protocol()) {
      scope.Add(*bus_field, absl::StrCat("= \"", name, "\": a ", rules->name(), " speaks ", rules->bus_protocol(),
                                         " and shares no line with the ", other.rules->bus_protocol(), " of ",
                                         other.path, "; name another bus"));
      return;
    }
    CheckAddress(options, name, *bus_field, scope);
    if (!is_first && !bus->has_baud() && other.rules->baud() != rules->baud()) {
      scope.Add(*bus_field, absl::StrCat("= \"", name, "\": this device expects ", rules->baud(), " baud, ", other.path,
                                         " on the same bus ", other.rules->baud(),
                                         "; set both to one rate and name it in the bus's baud"));
    }
  }

 private:
  struct FirstUser {
    const DeviceRules* rules;
    std::string path;
  };

  void CheckAddress(const Message& options, const std::string& bus, const FieldDescriptor& bus_field,
                    const Scope& scope) {
    const FieldDescriptor* address_field = options.GetDescriptor()->FindFieldByName("address");
    // What has no address has its line for itself.
    const double address = address_field == nullptr ? 0 : NumberInForce(options, address_field->number());
    const auto [known, is_new] = addresses_.emplace(std::pair(bus, address), scope.path());
    if (is_new) return;
    if (address_field == nullptr) {
      scope.Add(bus_field, absl::StrCat("= \"", bus, "\" is already the line of ", known->second,
                                        ", and these devices have no addresses; name another bus"));
      return;
    }
    scope.Add(*address_field, absl::StrCat("= ", FormatNumber(address), " is already the address of ", known->second,
                                           " on bus \"", bus, "\""));
  }

  const v1::Bus* Find(const std::string& name) const {
    for (const v1::Bus& bus : config_.bus()) {
      if (bus.name() == name) return &bus;
    }
    return nullptr;
  }

  std::string Known() const {
    std::string names;
    for (const v1::Bus& bus : config_.bus()) {
      if (!bus.name().empty()) absl::StrAppend(&names, names.empty() ? ": one of " : ", ", bus.name());
    }
    return names.empty() ? ": the file names none" : names;
  }

  const v1::Config& config_;
  const DeviceCatalog& catalog_;
  std::map<std::pair<std::string, double>, std::string> addresses_;  // bus, address → path
  std::map<std::string, FirstUser> first_users_;                     // bus → its first device
};

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
  for (int i = 0; i < config.converter_size(); ++i) {
    const Scope scope = root.Nested(Field(config, v1::Config::kConverterFieldNumber), i);
    const DeviceRules* rules = check(config.converter(i), DeviceKind::kConverter, scope);
    if (rules == nullptr) continue;
    rules->CheckConverter(config.converter(i), scope);
    if (rules->simulated()) {
      const auto [known, is_new] = simulated_arms.emplace(rules->arm(), scope.path());
      if (!is_new)
        scope.Add(absl::StrCat("is a second ", rules->arm(), "; the simulated house has one, ", known->second));
    }
    CheckConverter(config.converter(i), *rules, scope);
  }
  if (config.converter_size() == 0) {
    root.Add("converter is missing: at least one charger or inverter");
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
