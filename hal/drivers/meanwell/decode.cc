#include "hal/drivers/meanwell/decode.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "hal/drivers/meanwell/frame.h"
#include "hal/drivers/meanwell/frame_text.h"
#include "hal/drivers/meanwell/values.h"

namespace abcds::meanwell {
namespace {

struct Entry {
  std::string place;  // "line 3: "; empty where there is one line only
  CanFrame frame;
  Message message;
  ParseResult result = ParseResult::kOk;
};

absl::Status Wrong(const Entry& entry, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(entry.place, "the frame ", FrameText(entry.frame), " ", why));
}

std::string WhyNot(const Entry& entry) {
  if (entry.result != ParseResult::kWrongLength) return ResultText(entry.result);
  const CommandInfo& info = *entry.message.info;
  return absl::StrFormat("has another length than its command: %s has %d, not %d bytes", info.name, info.bytes,
                         entry.message.size);
}

std::string UnitText(uint8_t unit) { return unit == kAllUnits ? "all" : absl::StrFormat("%02X", unit); }

bool HasValue(const Message& message) { return message.kind != Message::Kind::kRead && message.info != nullptr; }

Family Other(Family family) { return family == Family::kBic ? Family::kNpb : Family::kBic; }

// All frames of the family, in order, the bad ones too: they may be another unit's.
absl::StatusOr<std::vector<Entry>> EntriesOf(Family family, const std::vector<std::string>& lines, size_t& foreign,
                                             size_t& of_other_family) {
  std::vector<Entry> entries;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string place = lines.size() > 1 ? absl::StrCat("line ", i + 1, ": ") : "";
    const auto frame = ParseFrameText(lines[i]);
    if (!frame.ok()) return absl::InvalidArgumentError(absl::StrCat(place, std::string(frame.status().message())));
    if (!frame->has_value()) continue;
    Entry entry{.place = place, .frame = **frame, .message = {}};
    entry.result = Parse(family, entry.frame, entry.message);
    if (entry.result == ParseResult::kForeign) {
      Message message;
      if (Parse(Other(family), entry.frame, message) != ParseResult::kForeign) ++of_other_family;
      ++foreign;
      continue;
    }
    entries.push_back(entry);
  }
  return entries;
}

// Devices have commands that no manual lists: among others they are shown by their number, alone they say nothing.
absl::Status CheckFrames(const std::vector<Entry>& entries) {
  const auto known = [](const Entry& entry) { return entry.message.info != nullptr; };
  const bool nothing_known = std::ranges::none_of(entries, known);
  for (const Entry& entry : entries) {
    if (entry.result == ParseResult::kOk) continue;
    if (entry.result == ParseResult::kUnknownCommand && !nothing_known) continue;
    return Wrong(entry, WhyNot(entry));
  }
  return absl::OkStatus();
}

absl::Status NothingOfOurs(Family family, size_t foreign, size_t of_other_family) {
  if (of_other_family > 0) {
    return absl::InvalidArgumentError(absl::StrCat("these are frames of a ", FamilyName(Other(family)), ", not of a ",
                                                   FamilyName(family), ": decode them as meanwell-",
                                                   family == Family::kBic ? "npb" : "bic"));
  }
  if (foreign == 0) return absl::InvalidArgumentError("there is no frame in it");
  return absl::InvalidArgumentError(absl::StrFormat(
      "no frame of a %s: its extended identifiers are %08X to %08X from the device and %08X to %08X to it",
      FamilyName(family), ReplyId(family, 0), ReplyId(family, LargestUnit(family)), RequestId(family, 0),
      RequestId(family, LargestUnit(family))));
}

// The unit that the log is of.
absl::StatusOr<uint8_t> UnitOf(const std::vector<Entry>& entries, std::optional<uint8_t> wanted) {
  std::set<uint8_t> units;
  for (const Entry& entry : entries) {
    if (entry.message.unit != kAllUnits) units.insert(entry.message.unit);
  }
  if (wanted.has_value()) {
    if (units.empty() || units.contains(*wanted)) return *wanted;
    return absl::InvalidArgumentError(absl::StrCat("no frame of unit ", UnitText(*wanted)));
  }
  if (units.empty()) return kAllUnits;
  if (units.size() == 1) return *units.begin();
  std::vector<std::string> names;
  for (const uint8_t unit : units) names.push_back(UnitText(unit));
  return absl::InvalidArgumentError(
      absl::StrCat("frames of units ", absl::StrJoin(names, ", "), ": choose one with --set unit=", names.front()));
}

std::string Line(Family family, const Message& message, const Scaling& scaling) {
  const std::string to_all = message.unit == kAllUnits ? " (to all units)" : "";
  const std::string verb = message.kind == Message::Kind::kRead    ? "read "
                           : message.kind == Message::Kind::kWrite ? "write "
                                                                   : "";
  if (message.info == nullptr) return absl::StrCat(verb, absl::StrFormat("0x%04X", message.code), to_all, " (unknown)");
  if (!HasValue(message)) return absl::StrCat(verb, message.info->name, to_all);
  const std::string words = InWords(family, *message.info, scaling, message.value()).value_or("not a value");
  return absl::StrCat(verb, message.info->name, " ", words, to_all);
}

// Two halves of a text make one; a single half stands under a name of its own.
class Texts {
 public:
  void Add(const CommandInfo& info, const std::string& text) {
    const bool second = info.command == Command::kMfrIdB6B11 || info.command == Command::kMfrModelB6B11 ||
                        info.command == Command::kMfrSerialB6B11;
    (second ? second_ : first_)[info.key] = text;
  }

  void Write(LogValues& values) const {
    for (const auto& [key, text] : first_) {
      const auto other = second_.find(key);
      const bool halves = key == "manufacturer" || key == "model" || key == "serial_number";
      if (!halves) {
        values[key] = text;
      } else if (other != second_.end()) {
        values[key] = text + other->second;
      } else {
        values[key + "_first_half"] = text;
      }
    }
    for (const auto& [key, text] : second_) {
      if (!first_.contains(key)) values[key + "_second_half"] = text;
    }
  }

 private:
  std::map<std::string, std::string> first_, second_;
};

void AddScaling(const Scaling& scaling, LogValues& values) {
  values["scaling_voltage_v"] = scaling.voltage;
  values["scaling_current_a"] = scaling.current;
  values["scaling_ac_voltage_v"] = scaling.ac_voltage;
  values["scaling_fan_rpm"] = scaling.fan_speed;
  values["scaling_temperature_c"] = scaling.temperature;
  values["scaling_curve_timeout_min"] = scaling.curve_timeout;
}

// Some answer what they say not to have: then it is in the usual steps.
Scaling UsualWhereNone(Scaling scaling) {
  const Scaling usual;
  const auto replace = [](double& step, double usual_step) {
    if (step == 0) step = usual_step;
  };
  replace(scaling.voltage, usual.voltage);
  replace(scaling.current, usual.current);
  replace(scaling.ac_voltage, usual.ac_voltage);
  replace(scaling.fan_speed, usual.fan_speed);
  replace(scaling.temperature, usual.temperature);
  replace(scaling.curve_timeout, usual.curve_timeout);
  return scaling;
}

void AddBits(Family family, const CommandInfo& info, uint16_t bits, LogValues& values) {
  std::string key = info.key;
  values[key] = static_cast<double>(bits);
  const std::string words = key.substr(0, key.size() - std::string("_bits").size());
  values[words] = BitsInWords(family, info.format, bits);
  if (info.format == Format::kFaults) {
    values["output_off"] = (bits & fault::kOutputOff) != 0;
    values["fault"] = (bits & ~(fault::kOutputOff | fault::kHot)) != 0;
  }
  if (info.format == Format::kCurveConfig) values["charger_mode"] = (bits & curve_config::kChargerMode) != 0;
  if (info.format == Format::kSystemConfig) values["eeprom_off"] = (bits & system_config::kEepromOff) != 0;
}

// False: the bytes are no value.
bool AddValue(Family family, const Message& message, const Scaling& scaling, Texts& texts, LogValues& values) {
  const CommandInfo& info = *message.info;
  const uint16_t raw = message.raw();
  switch (info.format) {
    case Format::kSwitch:
      values[info.key] = raw == 1;
      return raw <= 1;
    case Format::kDirection:
      values[info.key] = std::string(raw == 1 ? "discharge" : "charge");
      return raw <= 1;
    case Format::kText: {
      const std::optional<std::string> text = DecodeText(message.value());
      if (!text.has_value()) return false;
      texts.Add(info, *text);
      return true;
    }
    case Format::kRevision:
      values[info.key] = DecodeRevision(message.value());
      return true;
    case Format::kScaling: {
      const std::optional<Scaling> read = DecodeScaling(message.value());
      if (read.has_value()) AddScaling(*read, values);
      return read.has_value();
    }
    case Format::kFaults:
    case Format::kSystemStatus:
    case Format::kSystemConfig:
    case Format::kCurveConfig:
    case Format::kChargeStatus:
    case Format::kBidirectionalConfig:
      AddBits(family, info, raw, values);
      return true;
    default: {
      const std::optional<double> number = DecodeNumber(family, info, scaling, raw);
      if (number.has_value()) values[info.key] = *number;
      return number.has_value();
    }
  }
}

void AddPower(LogValues& values) {
  const auto voltage = values.find("dc_voltage_v");
  const auto current = values.find("current_a");
  if (voltage == values.end() || current == values.end()) return;
  const double power = std::get<double>(voltage->second) * std::get<double>(current->second);
  values["dc_power_w"] = std::round(power * 10) / 10;
}

}  // namespace

absl::StatusOr<LogValues> DecodeLog(Family family, const std::vector<std::string>& lines,
                                    std::optional<uint8_t> wanted) {
  size_t foreign = 0;
  size_t of_other_family = 0;
  const auto entries = EntriesOf(family, lines, foreign, of_other_family);
  if (!entries.ok()) return entries.status();
  if (entries->empty()) return NothingOfOurs(family, foreign, of_other_family);
  const auto unit = UnitOf(*entries, wanted);
  if (!unit.ok()) return unit.status();

  std::vector<Entry> own;
  std::ranges::copy_if(*entries, std::back_inserter(own), [&](const Entry& entry) {
    return entry.message.unit == *unit || entry.message.unit == kAllUnits;
  });
  if (absl::Status status = CheckFrames(own); !status.ok()) return status;
  // What the device says of its steps holds for the whole log.
  Scaling scaling;
  for (const Entry& entry : own) {
    if (!HasValue(entry.message) || entry.message.info->format != Format::kScaling) continue;
    scaling = UsualWhereNone(DecodeScaling(entry.message.value()).value_or(scaling));
  }
  LogValues values;
  Texts texts;
  std::vector<std::string> log;
  for (const Entry& entry : own) {
    if (HasValue(entry.message) && !AddValue(family, entry.message, scaling, texts, values)) {
      return Wrong(entry, absl::StrCat("has no value that ", entry.message.info->name, " can have"));
    }
    log.push_back(Line(family, entry.message, scaling));
  }
  texts.Write(values);
  AddPower(values);
  values["unit"] = UnitText(*unit);
  values["log"] = std::move(log);
  if (foreign > 0) values["foreign_frames"] = static_cast<double>(foreign);
  return values;
}

}  // namespace abcds::meanwell
