#include "server/config/check_buses.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/config/check.h"
#include "server/config/field_rules.h"

namespace abcds {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

constexpr size_t kLongestInterface = 15;  // of the kernel's names, IFNAMSIZ

// Two paths to one port (a link in /dev/serial/by-id and /dev/ttyUSB0), and two spellings of one host, are one port.
std::string RealPort(const std::string& port) {
  std::string host;
  int number = 0;
  if (absl::StartsWith(port, "tcp://") && SplitHostPort(port.substr(6), host, number)) {
    while (!host.empty() && host.back() == '.') host.pop_back();
    return absl::StrCat("tcp://", absl::AsciiStrToLower(host), ":", number);
  }
  std::error_code none;  // what cannot be resolved now is taken as it is written
  const std::filesystem::path resolved = std::filesystem::weakly_canonical(port, none);
  return none ? port : resolved.string();
}

// What each port and interface was named by first.
using Owners = std::map<std::string, std::string>;

void CheckPort(const std::string& value, const FieldDescriptor& field, const Scope& scope, Owners& owners) {
  if (value.empty()) return;
  std::string host;
  int number = 0;
  if (absl::StartsWith(value, "tcp://") ? !SplitHostPort(value.substr(6), host, number) : value.front() != '/') {
    scope.Add(field,
              absl::StrCat("= \"", value, "\" must be a full path (\"/dev/serial/by-id/…\") or \"tcp://host:port\""));
  }
  const auto [known, is_new] = owners.emplace(RealPort(value), scope.path());
  if (!is_new) {
    scope.Add(field, absl::StrCat("= \"", value, "\" is already the port of ", known->second,
                                  "; devices on one line share one bus"));
  }
}

void CheckInterface(const std::string& value, const FieldDescriptor& field, const Scope& scope, Owners& owners) {
  const bool good = value.size() <= kLongestInterface && std::ranges::all_of(value, [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
                    });
  if (!good) {
    scope.Add(field, absl::StrCat("= \"", value, "\" is no name of an interface, such as can0; an adapter on a serial ",
                                  "port is named in slcan_port"));
  }
  const auto [known, is_new] = owners.emplace(value, scope.path());
  if (!is_new) {
    scope.Add(field, absl::StrCat("= \"", value, "\" is already the interface of ", known->second,
                                  "; devices on one line share one bus"));
  }
}

// One of `steps`; what is outside their range is reported already.
template <size_t kCount>
void CheckStep(uint32_t value, const std::array<uint32_t, kCount>& steps, const FieldDescriptor& field,
               const Scope& scope) {
  if (value < steps.front() || value > steps.back() || std::ranges::find(steps, value) != steps.end()) return;
  std::string list;
  for (const uint32_t step : steps) absl::StrAppend(&list, list.empty() ? "" : ", ", step);
  scope.Add(field, absl::StrCat("= ", value, " is none of ", list));
}

void CheckSerialBus(const v1::Bus& bus, const Scope& scope, Owners& owners) {
  static constexpr std::array<uint32_t, 8> kBaudRates = {1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};
  CheckPort(bus.port(), Field(bus, v1::Bus::kPortFieldNumber), scope, owners);
  if (bus.has_baud()) CheckStep(bus.baud(), kBaudRates, Field(bus, v1::Bus::kBaudFieldNumber), scope);
}

void CheckCanBus(const v1::CanBus& bus, const Scope& scope, Owners& owners) {
  using v1::CanBus;
  static constexpr std::array<uint32_t, 9> kBitRates = {10'000,  20'000,  50'000,  100'000,  125'000,
                                                        250'000, 500'000, 800'000, 1'000'000};
  const FieldDescriptor& interface = Field(bus, CanBus::kInterfaceFieldNumber);
  const FieldDescriptor& slcan_port = Field(bus, CanBus::kSlcanPortFieldNumber);
  if (!scope.IsUnreadable(interface) && !scope.IsUnreadable(slcan_port) &&
      bus.interface().empty() == bus.slcan_port().empty()) {
    scope.Add(absl::StrCat(bus.interface().empty() ? "has neither interface nor" : "has both interface and",
                           " slcan_port: one of ", "the two says where the bus is"));
  }
  if (!bus.interface().empty()) CheckInterface(bus.interface(), interface, scope, owners);
  CheckPort(bus.slcan_port(), slcan_port, scope, owners);
  if (bus.has_bitrate()) CheckStep(bus.bitrate(), kBitRates, Field(bus, CanBus::kBitrateFieldNumber), scope);
  if (bus.bring_up() && bus.interface().empty()) {
    scope.Add(Field(bus, CanBus::kBringUpFieldNumber),
              "is for an interface; an adapter at slcan_port is always set up");
  }
}

}  // namespace

void CheckBuses(const v1::Config& config, const Scope& root) {
  Owners owners;
  for (int i = 0; i < config.bus_size(); ++i) {
    CheckSerialBus(config.bus(i), root.Nested(Field(config, v1::Config::kBusFieldNumber), i), owners);
  }
  for (int i = 0; i < config.can_bus_size(); ++i) {
    CheckCanBus(config.can_bus(i), root.Nested(Field(config, v1::Config::kCanBusFieldNumber), i), owners);
  }
}

void BusUsers::Check(const Message& entry, DeviceKind kind, const Scope& entry_scope) {
  const SelectedDevice device = DeviceOf(entry);
  if (device.field == nullptr) return;
  const Message& options = *device.options;
  const FieldDescriptor* bus_field = options.GetDescriptor()->FindFieldByName("bus");
  if (bus_field == nullptr) return;
  const Scope scope = entry_scope.Nested(*device.field);
  const std::string name = options.GetReflection()->GetString(options, bus_field);
  if (name.empty()) return;  // reported as missing
  const DeviceRules* rules = RulesOf(catalog_, kind, entry);
  if (rules == nullptr) return;
  const v1::Bus* const serial = FindSerial(name);
  const bool on_can = rules->bus_kind() == BusKind::kCan;
  if (on_can ? !HasCan(name) : serial == nullptr) {
    const std::string problem = serial == nullptr && !HasCan(name) ? "\" is the name of no "
                                : on_can                           ? "\" is a serial line; this device needs a "
                                                                   : "\" is a CAN bus; this device needs a ";
    scope.Add(*bus_field, absl::StrCat("= \"", name, problem, on_can ? "can_bus" : "bus", Known(rules->bus_kind())));
    return;
  }
  const auto [first, is_first] = first_users_.emplace(name, FirstUser{rules, scope.path()});
  const FirstUser& other = first->second;
  if (!is_first && other.rules->bus_protocol() != rules->bus_protocol()) {
    // Nor would one line do where the rates could be the same: a line has one master with one way of framing.
    scope.Add(*bus_field, absl::StrCat("= \"", name, "\": a ", rules->name(), " speaks ", rules->bus_protocol(), " at ",
                                       rules->baud(), " baud and shares no line with the ", other.rules->bus_protocol(),
                                       " at ", other.rules->baud(), " baud of ", other.path,
                                       "; give it a serial adapter of its own, and a bus for that"));
    return;
  }
  CheckAddress(options, name, *bus_field, scope);
  if (!is_first && serial != nullptr) CheckBaud(*serial, *rules, other, *bus_field, scope);
}

void BusUsers::CheckBaud(const v1::Bus& bus, const DeviceRules& rules, const FirstUser& other,
                         const FieldDescriptor& bus_field, const Scope& scope) const {
  if (bus.has_baud() || other.rules->baud() == rules.baud()) return;
  scope.Add(bus_field, absl::StrCat("= \"", bus.name(), "\": this device expects ", rules.baud(), " baud, ", other.path,
                                    " on the same bus ", other.rules->baud(),
                                    "; set both to one rate and name it in the bus's baud"));
}

void BusUsers::CheckAddress(const Message& options, const std::string& bus, const FieldDescriptor& bus_field,
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

const v1::Bus* BusUsers::FindSerial(const std::string& name) const {
  for (const v1::Bus& bus : config_.bus()) {
    if (bus.name() == name) return &bus;
  }
  return nullptr;
}

bool BusUsers::HasCan(const std::string& name) const {
  return std::ranges::any_of(config_.can_bus(), [&name](const v1::CanBus& bus) { return bus.name() == name; });
}

std::string BusUsers::Known(BusKind kind) const {
  std::vector<std::string> names;
  if (kind == BusKind::kSerial) {
    for (const v1::Bus& bus : config_.bus()) names.push_back(bus.name());
  } else {
    for (const v1::CanBus& bus : config_.can_bus()) names.push_back(bus.name());
  }
  std::string list;
  for (const std::string& name : names) {
    if (!name.empty()) absl::StrAppend(&list, list.empty() ? ": one of " : ", ", name);
  }
  return list.empty() ? ": the file names none" : list;
}

}  // namespace abcds
