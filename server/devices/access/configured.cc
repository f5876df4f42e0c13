#include "server/devices/access/configured.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "server/config/check.h"
#include "server/config/field_rules.h"

namespace abcds {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The text of a field, "" where the message has none of that name.
std::string TextOf(const Message& message, const char* name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return "";
  return message.GetReflection()->GetString(message, field);
}

// Fields with a fixed meaning in every arm: bus, address, host, port, broker.
std::string NumberText(const Message& message, const char* name, const char* before) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return "";
  const bool known = IsGiven(message, field->number()) || RuleOf(*field).fallback != nullptr;
  return known ? absl::StrCat(before, FormatNumber(NumberInForce(message, field->number()))) : "";
}

// The kernel's interface, or the port of the adapter.
std::string LineOf(const Site::CanBus& bus) { return bus.interface.empty() ? bus.slcan_port : bus.interface; }

std::string ConnectionOf(const Message& options, const Site& site) {
  if (const std::string bus = TextOf(options, "bus"); !bus.empty()) {
    for (const Site::SerialBus& line : site.buses) {
      if (line.name != bus) continue;
      return absl::StrCat(line.port, " at ", line.baud, " baud", NumberText(options, "address", ", address "));
    }
    for (const Site::CanBus& line : site.can_buses) {
      if (line.name == bus) return absl::StrCat("CAN ", LineOf(line), NumberText(options, "address", ", address "));
    }
  }
  if (const std::string host = TextOf(options, "host"); !host.empty()) {
    return absl::StrCat(host, NumberText(options, "port", ":"));
  }
  const FieldDescriptor* broker = options.GetDescriptor()->FindFieldByName("broker");
  if (broker != nullptr && broker->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    const Message& server = options.GetReflection()->GetMessage(options, broker);
    return absl::StrCat(TextOf(server, "host"), NumberText(server, "port", ":"), ", topic ", TextOf(options, "topic"));
  }
  return "simulated";
}

std::string Canonical(const std::string& port) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::canonical(port, error);
  return error ? port : path.string();
}

// Every device of the site with the message that configures it.
template <class Visit>
void ForEachDevice(const Site& site, Visit&& visit) {
  visit(site.meter, DeviceOf(site.config.meter()));
  if (site.battery.has_value()) visit(*site.battery, DeviceOf(site.config.bms()));
  for (size_t i = 0; i < site.converters.size(); ++i) {
    visit(site.converters[i], DeviceOf(site.config.converter(static_cast<int>(i))));
  }
}

}  // namespace

std::map<std::string, std::string> ConnectionsOf(const Site& site) {
  std::map<std::string, std::string> connections;
  ForEachDevice(site, [&](const Site::Device& device, const SelectedDevice& selected) {
    connections[device.name] = ConnectionOf(*selected.options, site);
  });
  return connections;
}

std::vector<OccupiedLine> OccupiedLinesOf(const Site& site) {
  std::vector<OccupiedLine> lines;
  const auto add = [&](const std::string& name, const std::string& port) {
    OccupiedLine& line = lines.emplace_back(OccupiedLine{port, {}});
    ForEachDevice(site, [&](const Site::Device& device, const SelectedDevice& selected) {
      if (TextOf(*selected.options, "bus") == name) {
        line.devices.push_back(absl::StrCat(device.name, " (", device.type, ")"));
      }
    });
  };
  for (const Site::SerialBus& bus : site.buses) add(bus.name, bus.port);
  for (const Site::CanBus& bus : site.can_buses) add(bus.name, LineOf(bus));
  return lines;
}

const OccupiedLine* FindLine(const std::vector<OccupiedLine>& lines, const std::string& port) {
  const std::string wanted = Canonical(port);
  for (const OccupiedLine& line : lines) {
    if (Canonical(line.port) == wanted) return &line;
  }
  return nullptr;
}

}  // namespace abcds
