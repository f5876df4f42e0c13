#include "clients/device_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "clients/format.h"

namespace abcds {
namespace {

// Suffix of a name and what people write.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kUnits = {{{"_w", "W"},
                                                                                   {"_wh", "Wh"},
                                                                                   {"_v", "V"},
                                                                                   {"_a", "A"},
                                                                                   {"_ah", "Ah"},
                                                                                   {"_c", "°C"},
                                                                                   {"_percent", "%"},
                                                                                   {"_hz", "Hz"},
                                                                                   {"_ms", "ms"},
                                                                                   {"_s", "s"},
                                                                                   {"_min", "min"},
                                                                                   {"_ohm", "Ω"}}};
constexpr size_t kNameWidth = 26;

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

// Up to three decimals, and none that say nothing.
std::string Decimals(double value) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.3f", value);
  std::string shortened = text;
  shortened.erase(shortened.find_last_not_of('0') + 1);
  if (shortened.back() == '.') shortened.pop_back();
  return shortened == "-0" ? "0" : shortened;
}

// Names in order: protobuf's maps have none.
template <class Map>
std::map<std::string, typename Map::mapped_type> Ordered(const Map& map) {
  return {map.begin(), map.end()};
}

bool IsCell(const std::string& name) { return name.compare(0, 5, "cell_") == 0 && EndsWith(name, "_voltage_v") && std::isdigit(static_cast<unsigned char>(name[5])) != 0; }

std::string Row(const std::string& name, const std::string& value) {
  return absl::StrCat("  ", PadRight(name, kNameWidth), value);
}

void AddIdentity(const v1::DeviceDetails& details, std::vector<std::string>& lines) {
  for (const auto& [name, value] : Ordered(details.identity())) {
    lines.push_back(Row(WordsOf(Printable(name)), Printable(value)));
  }
}

template <class Map>
void AddValues(const Map& values, std::vector<std::string>& lines) {
  std::vector<std::string> cells;
  for (const auto& [name, value] : Ordered(values)) {
    if (IsCell(name)) {
      cells.push_back(NumberText(value, 3, ""));
      continue;
    }
    const NamedValue text = ValueText(name, value);
    lines.push_back(Row(text.name, text.value));
  }
  if (cells.empty()) return;
  for (std::string& cell : cells) cell.erase(cell.find_last_not_of(' ') + 1);
  lines.push_back(Row("cells", absl::StrCat(absl::StrJoin(cells, " "), " V")));
}

void AddTrouble(const v1::DeviceDetails& details, std::vector<std::string>& lines) {
  if (!details.trouble().empty()) lines.push_back(Row("trouble", Printable(details.trouble())));
}

std::string StateText(v1::Lifecycle lifecycle) { return EnumText(v1::Lifecycle_Name(lifecycle), "LIFECYCLE_"); }

std::string Joined(const std::vector<std::string>& words, const char* separator) { return absl::StrJoin(words, separator); }

}  // namespace

NamedValue ValueText(const std::string& name, double value) {
  const std::string number = std::isfinite(value) ? Decimals(value) : "no number";
  for (const auto& [suffix, unit] : kUnits) {
    if (!EndsWith(name, suffix)) continue;
    return {WordsOf(Printable(name.substr(0, name.size() - suffix.size()))), absl::StrCat(number, " ", std::string(unit))};
  }
  return {WordsOf(Printable(name)), number};
}

std::vector<std::string> ReportLines(const v1::DeviceReport& report) {
  std::vector<std::string> lines = {
      absl::StrCat(Printable(report.type()), " at ", Printable(report.connection()),
                   report.has_lifecycle() ? absl::StrCat(": ", StateText(report.lifecycle())) : "")};
  AddIdentity(report.details(), lines);
  AddValues(report.details().readings(), lines);
  if (!report.limits().empty()) {
    lines.emplace_back("Limits:");
    AddValues(report.limits(), lines);
  }
  AddTrouble(report.details(), lines);
  return lines;
}

std::vector<std::string> ListLines(const v1::ListDevicesResponse& devices) {
  std::vector<std::string> lines;
  for (const v1::ListedDevice& device : devices.devices()) {
    if (!lines.empty()) lines.emplace_back();
    lines.push_back(absl::StrCat(Printable(device.name()), ": ", Printable(device.kind()), " ", Printable(device.type()),
                                 ", ", StateText(device.lifecycle()),
                                 device.has_age_s() ? absl::StrCat(", newest value ", DurationText(device.age_s()), " old")
                                                    : ", no value"));
    lines.push_back(Row("connection", Printable(device.connection())));
    AddIdentity(device.details(), lines);
    std::vector<std::string> counters;
    for (const auto& [name, value] : Ordered(device.details().counters())) {
      if (value > 0) counters.push_back(absl::StrCat(WordsOf(Printable(name)), " ", value));
    }
    if (!counters.empty()) lines.push_back(Row("counters", Joined(counters, ", ")));
    AddTrouble(device.details(), lines);
  }
  return lines;
}

std::vector<std::string> TypeLines(const v1::ListDeviceTypesResponse& types) {
  std::vector<std::string> lines;
  size_t width = 0;
  for (const v1::DeviceTypeInfo& type : types.types()) width = std::max(width, DisplayWidth(type.name()) + 2);
  for (const v1::DeviceTypeInfo& type : types.types()) {
    std::vector<std::string> words = {absl::StrJoin(type.kinds(), ", ")};
    if (type.reached_by() == "serial") {
      words.push_back(absl::StrCat("serial line at ", absl::StrJoin(type.bauds(), " or "), " baud"));
    } else {
      words.push_back(type.reached_by() == "can"       ? "CAN bus"
                      : type.reached_by() == "network" ? "network"
                                                       : "only through a daemon's configuration");
    }
    if (type.address_highest() > 0) {
      words.push_back(absl::StrCat("addresses ", type.address_lowest(), " to ", type.address_highest()));
    }
    if (type.has_registers()) words.emplace_back("registers");
    lines.push_back(absl::StrCat(PadRight(Printable(type.name()), width), Printable(Joined(words, "; "))));
    for (const auto& setting : type.settings()) {
      lines.push_back(absl::StrCat("    --set ", PadRight(Printable(setting.name()) + "=…", 20), Printable(setting.text())));
    }
    for (const auto& value : type.writable()) {
      lines.push_back(absl::StrCat("    write ", PadRight(Printable(value.name()), 20), Printable(value.text()), "; ",
                                   Decimals(value.lowest()), " to ", Decimals(value.highest())));
    }
  }
  return lines;
}

std::vector<std::string> FoundLines(const v1::FoundDevice& found) {
  std::vector<std::string> lines = ReportLines(found.report());
  lines.emplace_back("For the configuration:");
  for (const auto line : absl::StrSplit(found.config_text(), '\n', absl::SkipEmpty())) {
    lines.push_back(absl::StrCat("    ", Printable(std::string(line))));
  }
  return lines;
}

std::string RegisterLine(const v1::RegisterValue& value) {
  char text[64];
  std::snprintf(text, sizeof(text), "register %u = %u (0x%04X)", value.address(), value.value(), value.value());
  return text;
}

}  // namespace abcds
