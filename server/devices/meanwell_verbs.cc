#include "server/devices/meanwell_verbs.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hal/drivers/meanwell/errand.h"
#include "hal/drivers/meanwell/identity.h"
#include "hal/drivers/meanwell/values.h"
#include "nlohmann/json.hpp"
#include "server/devices/meanwell_commission.h"
#include "server/devices/meanwell_target.h"
#include "server/devices/meanwell_wear.h"
#include "server/state/state_file.h"

namespace abcds {
namespace {

using meanwell::Command;
using meanwell::CommandInfo;
using meanwell::Family;
using meanwell::Format;
using meanwell::Message;

constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

// The original's verbs. `value`: what is written; -1: the verb reads; -2: it wants a value.
struct VerbRow {
  const char* name;
  Command command;
  int value;
  const char* summary;
};
constexpr int kReads = -1;
constexpr int kWantsValue = -2;

constexpr VerbRow kVerbs[] = {
    {"on", Command::kOperation, 1, "switch the output on"},
    {"off", Command::kOperation, 0, "switch the output off"},
    {"statusread", Command::kOperation, kReads, "whether it is switched on"},
    {"cvread", Command::kVoutSet, kReads, "charge voltage setpoint"},
    {"cvset", Command::kVoutSet, kWantsValue, "set the charge voltage: 27.6V, or 2760"},
    {"ccread", Command::kIoutSet, kReads, "charge current setpoint"},
    {"ccset", Command::kIoutSet, kWantsValue, "set the charge current: 7.2A, or 720"},
    {"dvread", Command::kReverseVoutSet, kReads, "discharge voltage setpoint, BIC"},
    {"dvset", Command::kReverseVoutSet, kWantsValue, "set the discharge voltage, BIC"},
    {"dcread", Command::kReverseIoutSet, kReads, "discharge current setpoint, BIC"},
    {"dcset", Command::kReverseIoutSet, kWantsValue, "set the discharge current, BIC"},
    {"charge", Command::kDirectionCtrl, 0, "direction: charge, BIC"},
    {"discharge", Command::kDirectionCtrl, 1, "direction: discharge, BIC"},
    {"dirread", Command::kDirectionCtrl, kReads, "which direction, BIC"},
    {"vread", Command::kReadVout, kReads, "DC voltage"},
    {"cread", Command::kReadIout, kReads, "DC current, + charges"},
    {"acvread", Command::kReadVin, kReads, "AC voltage"},
    {"tempread", Command::kReadTemperature1, kReads, "internal temperature"},
    {"fan1read", Command::kReadFanSpeed1, kReads, "fan 1, BIC"},
    {"fan2read", Command::kReadFanSpeed2, kReads, "fan 2, BIC"},
    {"faultread", Command::kFaultStatus, kReads, "faults, in words"},
    {"systemstatusread", Command::kSystemStatus, kReads, "system status, in words"},
    {"systemconfigread", Command::kSystemConfig, kReads, "system configuration, in words"},
    {"systemconfigset", Command::kSystemConfig, kWantsValue, "set its bits: 0x0400"},
    {"curveconfigread", Command::kCurveConfig, kReads, "charge curve configuration, in words, NPB"},
    {"curveconfigset", Command::kCurveConfig, kWantsValue, "set its bits: 0x0004, NPB"},
    {"bidirectionalread", Command::kBidirectionalConfig, kReads, "battery mode, BIC"},
    {"bidirectionalset", Command::kBidirectionalConfig, kWantsValue, "1: battery mode, BIC"},
    {"chargestatusread", Command::kChgStatus, kReads, "stage of charging, in words, NPB"},
    {"scalingread", Command::kScalingFactor, kReads, "the steps it counts in"},
};

void PrintUsage(std::ostream& err) {
  err << "usage: meanwell VERB [VALUE] [DEVICE] [--json] [--yes] [--config FILE]\n"
         "       meanwell VERB [VALUE] --can can0|PORT --type npb|bic [--unit 03] …\n"
         "DEVICE is its name in the configuration, and may be left out where there is one only. No daemon may drive "
         "it.\n"
         "Writes to its memory are counted in the daemon's --state_dir (/var/lib/abcds).\n"
         "VALUE has its unit (27.6V, 7.2A); an integer alone is the device's raw value (2760 is 27.60 V).\n";
  for (const VerbRow& verb : kVerbs) err << absl::StrFormat("  %-18s %s\n", verb.name, verb.summary);
  err << "  read COMMAND       any command by its name in the manual\n"
         "  write COMMAND VALUE\n"
         "  typeread           model, serial number, revision\n"
         "  dump               all of it\n"
         "  commission         set it up for this system, step by step\n";
}

struct Call {
  std::vector<std::string> words;
  MeanwellChoice choice;
  std::string state_dir = "/var/lib/abcds";
  bool json = false;
  bool yes = false;
};

absl::StatusOr<Call> Parse(const std::vector<std::string>& arguments) {
  Call call;
  const std::map<std::string, std::string*> options = {{"--config", &call.choice.config},
                                                       {"--can", &call.choice.can},
                                                       {"--type", &call.choice.type},
                                                       {"--unit", &call.choice.unit},
                                                       {"--state_dir", &call.state_dir}};
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
    std::optional<std::string> value;
    if (equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.erase(equals);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    }
    const auto option = options.find(name);
    if (option == options.end()) return absl::InvalidArgumentError(absl::StrCat("unknown option ", name));
    const bool may_be_empty = name == "--state_dir";  // as the daemon's: nothing is kept
    if (!value.has_value() || (value->empty() && !may_be_empty))
      return absl::InvalidArgumentError(absl::StrCat(name, " wants a value"));
    *option->second = *value;
  }
  return call;
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
    if (raw > (info.bytes == 1 ? 1u : 0xFFFFu)) return bad("too large");
    return static_cast<uint16_t>(raw);
  }
  if (!volts && !amperes) return bad("an integer, or 0x and hexadecimal digits");
  const char unit = text.empty() ? ' ' : text.back();
  double value = 0;
  const bool has_unit = unit == (volts ? 'V' : 'A') || unit == (volts ? 'v' : 'a');
  if (!has_unit || !absl::SimpleAtod(text.substr(0, text.size() - 1), &value) || !(value >= 0 && value <= 655)) {
    return bad(volts ? "for example 27.6V, or 2760" : "for example 7.2A, or 720");
  }
  return meanwell::EncodeHundredths(value);
}

const CommandInfo* CommandByName(const std::string& name) {
  for (const CommandInfo& info : meanwell::Commands()) {
    if (absl::EqualsIgnoreCase(name, info.name)) return &info;
  }
  return nullptr;
}

class Desk {
 public:
  Desk(const MeanwellTarget& target, meanwell::Errand& errand, const Call& call, std::istream& in, std::ostream& out)
      : target_(target), errand_(errand), call_(call), in_(in), out_(out) {}

  absl::Status Read(const CommandInfo& info) {
    const auto answer = errand_.Read(info.command);
    if (!answer.ok()) return answer.status();
    return Show(info, answer->value(), std::nullopt);
  }

  absl::Status Write(const CommandInfo& info, uint16_t raw) {
    if (!info.writable) return absl::InvalidArgumentError(absl::StrCat(info.name, " can only be read"));
    const auto held = errand_.Write(info.command, raw);
    if (!held.ok()) return held.status();
    const uint8_t bytes[] = {static_cast<uint8_t>(*held), static_cast<uint8_t>(*held >> 8)};
    if (absl::Status shown = Show(info, std::span(bytes).first(info.bytes), raw); !shown.ok()) return shown;
    if (*held == raw) return absl::OkStatus();
    return absl::DataLossError(absl::StrFormat(
        "%s was written as %d and reads back as %d: the device limits or ignores it", info.name, raw, *held));
  }

  absl::Status All(std::span<const CommandInfo> infos) {
    for (const CommandInfo& info : infos) {
      if (!Knows(target_.options.family, info)) continue;
      const auto answer = errand_.Read(info.command);
      if (absl::IsNotFound(answer.status())) continue;  // not every device knows every command
      if (!answer.ok()) return answer.status();
      if (absl::Status shown = Show(info, answer->value(), std::nullopt); !shown.ok()) return shown;
    }
    return absl::OkStatus();
  }

  absl::Status Type() {
    meanwell::Identity identity;
    for (const Command command : {Command::kMfrModelB0B5, Command::kMfrModelB6B11, Command::kMfrSerialB0B5,
                                  Command::kMfrSerialB6B11, Command::kMfrRevision}) {
      const auto answer = errand_.Read(command);
      if (!answer.ok()) return answer.status();
      if (!identity.OnAnswer(*answer)) {
        return absl::DataLossError(absl::StrCat("its answer to ", meanwell::InfoOf(command).name, " is no value"));
      }
    }
    const auto show = [this](const char* name, const std::string& text) {
      if (call_.json) {
        json_[name] = text;
      } else {
        out_ << name << ": " << text << "\n";
      }
    };
    show("model", identity.model_text());
    show("serial_number", identity.serial_number());
    show("revision", identity.revision());
    return absl::OkStatus();
  }

  absl::Status Commission() {
    const AskPerson ask = [this](const std::string& question) {
      out_ << "   " << question << " [y/N] " << std::flush;
      if (call_.yes) {
        out_ << "yes\n";
        return true;
      }
      std::string answer;
      std::getline(in_, answer);
      return answer == "y" || answer == "Y" || answer == "yes";
    };
    return CommissionMeanwell(target_, errand_, ask, out_);
  }

  // Where its writes are counted, or that they are not.
  void Count(std::ostream& err) {
    if (errand_.written().empty()) return;
    const StateFile file(call_.state_dir, target_.site);
    if (file.path().empty()) {
      err << "not counted: there is no --state_dir\n";
      return;
    }
    const auto wear = CountMeanwellWrites(errand_, file);
    if (!wear.ok()) {
      err << "its memory's wear was not counted: " << std::string(wear.status().message()) << "\n";
    } else if (call_.json) {
      json_["memory"] = {{"device", wear->device},
                         {"writes", wear->writes},
                         {"all_writes", wear->all_writes},
                         {"counted_in", file.path()}};
    } else if (wear->writes == 0) {
      out_ << "No write to its memory: it does not store setpoints.\n";
    } else {
      out_ << "Writes to its memory: " << wear->writes << ", by now " << wear->all_writes << " of " << wear->device
           << ", counted in " << file.path() << "\n";
    }
  }

  void Finish() {
    if (call_.json) out_ << json_.dump() << "\n";
  }

 private:
  absl::Status Show(const CommandInfo& info, std::span<const uint8_t> value, std::optional<uint16_t> written) {
    const std::optional<std::string> words = InWords(target_.options.family, info, {}, value);
    if (!words.has_value()) return absl::DataLossError(absl::StrCat("its answer to ", info.name, " is no value"));
    if (!call_.json) {
      out_ << info.name << ": " << *words << "\n";
      return absl::OkStatus();
    }
    const auto raw = static_cast<uint16_t>(value[0] | (value.size() > 1 ? value[1] << 8 : 0));
    nlohmann::ordered_json& entry = json_[info.name];
    entry["text"] = *words;
    if (value.size() <= 2) {
      entry["raw"] = raw;
      if (const auto number = DecodeNumber(target_.options.family, info, {}, raw)) entry["value"] = *number;
      const auto bits = BitsInWords(target_.options.family, info.format, raw);
      if (!bits.empty()) entry["bits"] = bits;
    }
    if (written.has_value()) entry["written"] = *written;
    return absl::OkStatus();
  }

  const MeanwellTarget& target_;
  meanwell::Errand& errand_;
  const Call& call_;
  std::istream& in_;
  std::ostream& out_;
  nlohmann::ordered_json json_ = nlohmann::ordered_json::object();
};

// What is to be done, and how many words the verb takes; the next one is a device's name.
struct Job {
  const VerbRow* verb = nullptr;
  const CommandInfo* info = nullptr;  // of verbs that concern one command
  std::optional<uint16_t> write;
};

absl::StatusOr<Job> JobOf(Call& call) {
  Job job;
  const std::string verb = call.words[0];
  size_t used = 1;
  const auto next = [&]() -> std::optional<std::string> {
    if (used >= call.words.size()) return std::nullopt;
    return call.words[used++];
  };
  const auto take_value = [&]() -> absl::Status {
    const std::optional<std::string> text = next();
    if (!text.has_value()) return absl::InvalidArgumentError(absl::StrCat(verb, " wants a value"));
    const auto raw = RawOf(*job.info, *text);
    if (!raw.ok()) return raw.status();
    job.write = *raw;
    return absl::OkStatus();
  };
  const auto* const row =
      std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const VerbRow& each) { return verb == each.name; });
  if (row != std::end(kVerbs)) {
    job.verb = row;
    job.info = &meanwell::InfoOf(row->command);
    if (row->value >= 0) job.write = static_cast<uint16_t>(row->value);
    if (row->value == kWantsValue) {
      if (absl::Status status = take_value(); !status.ok()) return status;
    }
  } else if (verb == "read" || verb == "write") {
    const std::optional<std::string> name = next();
    job.info = name.has_value() ? CommandByName(*name) : nullptr;
    if (job.info == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(verb, " wants a command's name, such as READ_VOUT"));
    }
    if (verb == "write") {
      if (job.info->bytes > 2) return absl::InvalidArgumentError(absl::StrCat(job.info->name, " cannot be written"));
      if (absl::Status status = take_value(); !status.ok()) return status;
    }
  } else if (verb != "dump" && verb != "typeread" && verb != "commission") {
    return absl::InvalidArgumentError(absl::StrCat("unknown verb \"", verb, "\""));
  }
  call.choice.device = next().value_or("");
  if (used < call.words.size())
    return absl::InvalidArgumentError(absl::StrCat("\"", call.words[used], "\" is too much"));
  return job;
}

int Failed(const absl::Status& status, std::ostream& err) {
  err << std::string(status.message()) << "\n";
  return absl::IsInvalidArgument(status) ? kUsage : kFailed;
}

}  // namespace

int RunMeanwell(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out, std::ostream& err) {
  auto call = Parse(arguments);
  if (!call.ok()) return Failed(call.status(), err);
  if (call->words.empty() || call->words[0] == "help") {
    PrintUsage(call->words.empty() ? err : out);
    return call->words.empty() ? kUsage : kOk;
  }
  const auto job = JobOf(*call);
  if (!job.ok()) return Failed(job.status(), err);
  const auto target = FindMeanwell(call->choice);
  if (!target.ok()) return Failed(target.status(), err);
  if (job->info != nullptr && !Knows(target->options.family, *job->info)) {
    err << "a " << meanwell::FamilyName(target->options.family) << " does not know " << job->info->name << "\n";
    return kFailed;
  }
  const auto errand = meanwell::Errand::Open(target->line, target->options.family, target->options.unit);
  if (!errand.ok()) return Failed(errand.status(), err) == kOk ? kOk : kFailed;

  Desk desk(*target, **errand, *call, in, out);
  const std::string& verb = call->words[0];
  absl::Status status;
  if (job->write.has_value()) {
    status = desk.Write(*job->info, *job->write);
  } else if (job->info != nullptr) {
    status = desk.Read(*job->info);
  } else if (verb == "commission") {
    status = desk.Commission();
  } else {
    status = verb == "dump" ? desk.All(meanwell::Commands()) : desk.Type();
  }
  desk.Count(err);
  if (verb != "commission") desk.Finish();
  if (!status.ok()) {
    err << std::string(status.message()) << "\n";
    return kFailed;
  }
  return kOk;
}

}  // namespace abcds
