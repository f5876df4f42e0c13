#include "server/devices/meanwell_words.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "hal/drivers/meanwell/values.h"
#include "server/config/nearest.h"

namespace abcds {
namespace {

using meanwell::Command;
using meanwell::CommandInfo;
using meanwell::Format;

// The original's verbs that concern one command, under its names. `value`: what is written.
struct VerbRow {
  const char* name;
  Command command;
  int value;
  const char* summary;
};
constexpr int kReads = -1;
constexpr int kWantsValue = -2;
constexpr int kWantsMode = -3;  // one bit of it

constexpr VerbRow kVerbs[] = {
    {"on", Command::kOperation, 1, "switch the output on"},
    {"off", Command::kOperation, 0, "switch the output off"},
    {"readonoff", Command::kOperation, kReads, "whether it is switched on"},
    {"cvread", Command::kVoutSet, kReads, "charge voltage setpoint"},
    {"cvset", Command::kVoutSet, kWantsValue, "set the charge voltage: 27.6V, or 2760"},
    {"ccread", Command::kIoutSet, kReads, "charge current setpoint"},
    {"ccset", Command::kIoutSet, kWantsValue, "set the charge current: 7.2A, or 720"},
    {"dvread", Command::kReverseVoutSet, kReads, "discharge voltage setpoint, BIC"},
    {"dvset", Command::kReverseVoutSet, kWantsValue, "set the discharge voltage, BIC"},
    {"dcread", Command::kReverseIoutSet, kReads, "discharge current setpoint, BIC"},
    {"dcset", Command::kReverseIoutSet, kWantsValue, "set the discharge current, BIC"},
    {"vread", Command::kReadVout, kReads, "DC voltage"},
    {"cread", Command::kReadIout, kReads, "DC current, + charges"},
    {"acvread", Command::kReadVin, kReads, "AC voltage"},
    {"charge", Command::kDirectionCtrl, 0, "direction: charge, BIC"},
    {"discharge", Command::kDirectionCtrl, 1, "direction: discharge, BIC"},
    {"tempread", Command::kReadTemperature1, kReads, "internal temperature"},
    {"firmwareread", Command::kMfrRevision, kReads, "firmware of each processor"},
    {"statusread", Command::kSystemStatus, kReads, "system status, in words"},
    {"fan1", Command::kReadFanSpeed1, kReads, "speed of fan 1, BIC"},
    {"fan2", Command::kReadFanSpeed2, kReads, "speed of fan 2, BIC"},
    {"faultread", Command::kFaultStatus, kReads, "faults, in words"},
    {"readscaling", Command::kScalingFactor, kReads, "the steps it counts in"},
    {"systemconfigread", Command::kSystemConfig, kReads, "system configuration, in words"},
    {"systemconfigset", Command::kSystemConfig, kWantsValue, "set its bits: 0x0400, or 1024"},
    {"NPB_chargemode", Command::kCurveConfig, kWantsMode, "0: power supply mode, 1: charger mode, from the next AC on"},
    {"NPB_readcurve", Command::kCurveConfig, kReads, "charge curve configuration, in words"},
};

const char* ExampleOf(const CommandInfo& info) {
  if (info.format == Format::kVoltage) return "27.6V, or 2760";
  if (info.format == Format::kCurrent) return "7.2A, or 720";
  return info.bytes == 1 ? "0 or 1" : "an integer, or 0x and hexadecimal digits";
}

// "27.6V", "27.60 V", "7.2A" in units; "2760", "0x0400" raw; "27.6" is refused, as nobody can tell what is meant.
absl::StatusOr<uint16_t> RawOf(const CommandInfo& info, std::string text) {
  const bool volts = info.format == Format::kVoltage;
  const bool amperes = info.format == Format::kCurrent;
  const auto bad = [&](const std::string& wanted) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no value for ", info.name, ": ", wanted));
  };
  uint32_t raw = 0;
  const bool hex = absl::StartsWith(text, "0x") && absl::SimpleHexAtoi(text, &raw);
  if (hex || absl::SimpleAtoi(text, &raw)) {
    if (raw > (info.bytes == 1 ? 1u : 0xFFFFu)) return bad(info.bytes == 1 ? "0 or 1" : "at most 65535");
    return static_cast<uint16_t>(raw);
  }
  if (!volts && !amperes) return bad(ExampleOf(info));
  const char unit = text.empty() ? ' ' : text.back();
  double value = 0;
  const bool has_unit = unit == (volts ? 'V' : 'A') || unit == (volts ? 'v' : 'a');
  if (!has_unit || !absl::SimpleAtod(text.substr(0, text.size() - 1), &value) || !(value >= 0 && value <= 655)) {
    return bad(absl::StrCat("for example ", ExampleOf(info)));
  }
  return meanwell::EncodeHundredths(value);
}

const CommandInfo* CommandByName(const std::string& name) {
  for (const CommandInfo& info : meanwell::Commands()) {
    if (absl::EqualsIgnoreCase(name, info.name)) return &info;
  }
  return nullptr;
}

}  // namespace

std::string MeanwellUsage() {
  std::string text =
      "usage: meanwell VERB [VALUE] [DEVICE] [--json] [--yes] [--config FILE]\n"
      "       meanwell VERB [VALUE] --can can0|PORT --type npb|bic [--unit 03] …\n"
      "DEVICE is its name in the configuration, and may be left out where there is one only. No daemon may drive "
      "it.\n"
      "Writes to its memory are counted in the daemon's --state-dir (/var/lib/abcds).\n"
      "VALUE has its unit (27.6V, 7.2A); an integer alone is the device's raw value (2760 is 27.60 V).\n";
  for (const VerbRow& verb : kVerbs) absl::StrAppendFormat(&text, "  %-18s %s\n", verb.name, verb.summary);
  return text +
         "  typeread           model, serial number, firmware\n"
         "  serialread         serial number\n"
         "  read COMMAND       any command by its name in the manual\n"
         "  write COMMAND VALUE\n"
         "  dump               all of it\n"
         "  commission         set it up for this system, step by step\n";
}

absl::StatusOr<MeanwellCall> ParseMeanwellCall(const std::vector<std::string>& arguments) {
  MeanwellCall call;
  const std::map<std::string, std::string*> options = {{"--config", &call.choice.config},
                                                       {"--can", &call.choice.can},
                                                       {"--type", &call.choice.type},
                                                       {"--unit", &call.choice.unit},
                                                       {"--state-dir", &call.state_dir}};
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    if (name == "--json" || name == "--yes") {
      (name == "--json" ? call.json : call.yes) = true;
      continue;
    }
    if (!absl::StartsWith(name, "--")) {
      call.words.push_back(name);
      continue;
    }
    const size_t equals = name.find('=');
    std::replace(name.begin(), equals == std::string::npos ? name.end() : name.begin() + static_cast<ptrdiff_t>(equals),
                 '_', '-');
    std::optional<std::string> value;
    if (equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.erase(equals);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    }
    const auto option = options.find(name);
    if (option == options.end()) {
      std::vector<std::string> known = {"--json", "--yes"};
      for (const auto& [each, field] : options) known.push_back(each);
      return absl::InvalidArgumentError(absl::StrCat("there is no option ", name, DidYouMean(name, known)));
    }
    const bool may_be_empty = name == "--state-dir";  // as the daemon's: nothing is kept
    if (!value.has_value() || (value->empty() && !may_be_empty))
      return absl::InvalidArgumentError(absl::StrCat(name, " wants a value"));
    *option->second = *value;
  }
  return call;
}

absl::StatusOr<MeanwellJob> MeanwellJobOf(MeanwellCall& call) {
  MeanwellJob job;
  const std::string verb = call.words[0];
  size_t used = 1;
  const auto next = [&]() -> std::optional<std::string> {
    if (used >= call.words.size()) return std::nullopt;
    return call.words[used++];
  };
  const auto take_value = [&]() -> absl::Status {
    const std::optional<std::string> text = next();
    if (!text.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat(verb, " wants a value: ", ExampleOf(*job.info)));
    }
    const auto raw = RawOf(*job.info, *text);
    if (!raw.ok()) return raw.status();
    job.write = *raw;
    return absl::OkStatus();
  };
  const auto* const row = std::find_if(std::begin(kVerbs), std::end(kVerbs),
                                       [&](const VerbRow& each) { return absl::EqualsIgnoreCase(verb, each.name); });
  if (row != std::end(kVerbs)) {
    job.info = &meanwell::InfoOf(row->command);
    if (row->value >= 0) job.write = static_cast<uint16_t>(row->value);
    if (row->value == kWantsValue) {
      if (absl::Status status = take_value(); !status.ok()) return status;
    }
    if (row->value == kWantsMode) {
      const std::string mode = next().value_or("");
      if (mode != "0" && mode != "1") {
        return absl::InvalidArgumentError(absl::StrCat(row->name, " wants 0 (power supply mode) or 1 (charger mode)"));
      }
      job.charger_mode = mode == "1";
    }
  } else if (verb == "read" || verb == "write") {
    const std::optional<std::string> name = next();
    job.info = name.has_value() ? CommandByName(*name) : nullptr;
    if (job.info == nullptr) {
      const auto add_name = [](std::string* out, const CommandInfo& info) { out->append(info.name); };
      return absl::InvalidArgumentError(
          absl::StrCat(name.has_value() ? absl::StrCat("there is no command ", *name, ": ") : "", verb,
                       " wants one of ", absl::StrJoin(meanwell::Commands(), ", ", add_name)));
    }
    if (verb == "write") {
      if (job.info->bytes > 2) return absl::InvalidArgumentError(absl::StrCat(job.info->name, " cannot be written"));
      if (absl::Status status = take_value(); !status.ok()) return status;
    }
  } else if (verb != "dump" && verb != "typeread" && verb != "serialread" && verb != "commission") {
    std::vector<std::string> known = {"dump", "typeread", "serialread", "commission", "read", "write", "help"};
    for (const VerbRow& each : kVerbs) known.emplace_back(each.name);
    const std::string nearest = DidYouMean(verb, known);
    return absl::InvalidArgumentError(absl::StrCat("there is no verb \"", verb, "\"", nearest.empty() ? ";" : nearest,
                                                   " `abcdsctl meanwell help` lists them"));
  }
  call.choice.device = next().value_or("");
  if (used < call.words.size())
    return absl::InvalidArgumentError(absl::StrCat("\"", call.words[used], "\" is too much"));
  return job;
}

}  // namespace abcds
