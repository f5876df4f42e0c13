#include "server/devices/meanwell_verbs.h"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hal/drivers/meanwell/errand.h"
#include "hal/drivers/meanwell/identity.h"
#include "hal/drivers/meanwell/model.h"
#include "hal/drivers/meanwell/values.h"
#include "nlohmann/json.hpp"
#include "server/devices/meanwell_commission.h"
#include "server/devices/meanwell_target.h"
#include "server/devices/meanwell_wear.h"
#include "server/devices/meanwell_words.h"
#include "server/state/safe_state_ledger.h"
#include "server/state/state_file.h"

namespace abcds {
namespace {

using meanwell::Command;
using meanwell::CommandInfo;
using meanwell::Format;

constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

class Desk {
 public:
  Desk(const MeanwellTarget& target, meanwell::Errand& errand, const MeanwellCall& call, std::istream& in,
       std::ostream& out)
      : target_(target), errand_(errand), call_(call), in_(in), out_(out) {}

  absl::Status Read(const CommandInfo& info) {
    const auto answer = errand_.Read(info.command);
    if (!answer.ok()) return answer.status();
    return Show(info, answer->value(), std::nullopt);
  }

  absl::Status Write(const CommandInfo& info, uint16_t raw) {
    if (!info.writable) return absl::InvalidArgumentError(absl::StrCat(info.name, " can only be read"));
    if (absl::Status in_range = CheckRange(info, raw); !in_range.ok()) return in_range;
    // One that does not answer may hear us all the same.
    if (const auto before = errand_.Read(info.command); before.ok() && before->raw() == raw) {
      if (absl::Status shown = Show(info, before->value(), std::nullopt); !shown.ok()) return shown;
      if (!call_.json) out_ << "It has that already: nothing was written.\n";
      return absl::OkStatus();
    }
    const auto held = errand_.Write(info.command, raw);
    if (!held.ok()) return held.status();
    const uint8_t bytes[] = {static_cast<uint8_t>(*held), static_cast<uint8_t>(*held >> 8)};
    if (absl::Status shown = Show(info, std::span(bytes).first(info.bytes), raw); !shown.ok()) return shown;
    if (*held == raw) return absl::OkStatus();
    return absl::DataLossError(absl::StrFormat(
        "%s was written as %d and reads back as %d: the device limits or ignores it", info.name, raw, *held));
  }

  absl::Status SetChargerMode(bool charger) {
    const CommandInfo& info = meanwell::InfoOf(Command::kCurveConfig);
    const auto held = errand_.Read(info.command);
    if (!held.ok()) return held.status();
    const auto others = static_cast<uint16_t>(held->raw() & ~meanwell::curve_config::kChargerMode);
    const auto wanted = static_cast<uint16_t>(others | (charger ? meanwell::curve_config::kChargerMode : 0));
    if (absl::Status written = Write(info, wanted); !written.ok()) return written;
    if (!call_.json) out_ << "It goes by that from its next start: switch its AC off, wait 10 s, and on again.\n";
    return absl::OkStatus();
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

  absl::Status Serial() {
    const auto identity = Ask({Command::kMfrSerialB0B5, Command::kMfrSerialB6B11});
    if (!identity.ok()) return identity.status();
    Say("serial_number", identity->serial_number());
    return absl::OkStatus();
  }

  absl::Status Type() {
    const auto identity = Ask({Command::kMfrModelB0B5, Command::kMfrModelB6B11, Command::kMfrSerialB0B5,
                               Command::kMfrSerialB6B11, Command::kMfrRevision});
    if (!identity.ok()) return identity.status();
    Say("model", identity->model_text());
    Say("serial_number", identity->serial_number());
    Say("revision", identity->revision());
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
    const StateFile file(call_.state_dir, target_.site);
    if (file.path().empty()) return CommissionMeanwell(target_, errand_, ask, nullptr, out_);
    SafeStateLedger ledger(file);
    absl::Status done = CommissionMeanwell(target_, errand_, ask, &ledger, out_);
    // What it learned is found out again where it cannot be kept, which Count() says.
    (void)ledger.Flush();
    return done;
  }

  // Where its writes are counted, or that they are not.
  void Count(std::ostream& err) {
    if (errand_.written().empty()) return;
    const StateFile file(call_.state_dir, target_.site);
    if (file.path().empty()) {
      err << "not counted: there is no --state-dir\n";
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
  absl::StatusOr<meanwell::Identity> Ask(std::initializer_list<Command> commands) {
    meanwell::Identity identity;
    for (const Command command : commands) {
      const auto answer = errand_.Read(command);
      if (!answer.ok()) return answer.status();
      if (!identity.OnAnswer(*answer)) {
        return absl::DataLossError(absl::StrCat("its answer to ", meanwell::InfoOf(command).name, " is no value"));
      }
    }
    return identity;
  }

  // What the model cannot have is not sent: some firmware takes the nearest value it can, which nobody asked for.
  absl::Status CheckRange(const CommandInfo& info, uint16_t raw) {
    if (info.format != Format::kVoltage && info.format != Format::kCurrent) return absl::OkStatus();
    const auto identity = Ask({Command::kMfrModelB0B5, Command::kMfrModelB6B11});
    if (!identity.ok()) return identity.status();
    const meanwell::Model* model = identity->model();
    if (model == nullptr) return absl::OkStatus();
    double low = model->voltage_min.value();
    double high = model->voltage_max.value();
    if (info.command == Command::kReverseIoutSet) {
      low = model->discharge_min.value();
      high = model->discharge_max.value();
    } else if (info.format == Format::kCurrent) {
      // The charge curve ends far below the least current of the setpoint.
      low = info.command == Command::kIoutSet || info.command == Command::kCurveCc ? model->charge_min.value() : 0;
      high = model->charge_max.value();
    }
    const double value = raw / 100.0;
    if (value >= low && value <= high) return absl::OkStatus();
    const char* unit = info.format == Format::kVoltage ? "V" : "A";
    return absl::OutOfRangeError(absl::StrFormat("not written: %s of a %s can be %g to %g %s, not %g %s", info.name,
                                                 model->name, low, high, unit, value, unit));
  }

  void Say(const char* name, const std::string& text) {
    if (call_.json) {
      json_[name] = text;
    } else {
      out_ << name << ": " << text << "\n";
    }
  }

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
  const MeanwellCall& call_;
  std::istream& in_;
  std::ostream& out_;
  nlohmann::ordered_json json_ = nlohmann::ordered_json::object();
};

int Failed(const absl::Status& status, std::ostream& err) {
  err << "abcdsctl meanwell: " << std::string(status.message()) << "\n";
  return kFailed;
}

int WrongUsage(const absl::Status& status, std::ostream& err) {
  Failed(status, err);
  return kUsage;
}

}  // namespace

int RunMeanwell(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out, std::ostream& err) {
  auto call = ParseMeanwellCall(arguments);
  if (!call.ok()) return WrongUsage(call.status(), err);
  if (call->words.empty() || call->words[0] == "help") {
    (call->words.empty() ? err : out) << MeanwellUsage();
    return call->words.empty() ? kUsage : kOk;
  }
  const auto job = MeanwellJobOf(*call);
  if (!job.ok()) return WrongUsage(job.status(), err);
  const auto target = FindMeanwell(call->choice);
  if (absl::IsInvalidArgument(target.status())) return WrongUsage(target.status(), err);
  if (!target.ok()) return Failed(target.status(), err);
  if (job->info != nullptr && !Knows(target->options.family, *job->info)) {
    return Failed(absl::FailedPreconditionError(absl::StrCat("a ", meanwell::FamilyName(target->options.family),
                                                             " does not know ", job->info->name)),
                  err);
  }
  const auto errand = meanwell::Errand::Open(target->line, target->options.family, target->options.unit);
  if (!errand.ok()) return Failed(errand.status(), err);

  Desk desk(*target, **errand, *call, in, out);
  const std::string& verb = call->words[0];
  absl::Status status;
  if (job->charger_mode.has_value()) {
    status = desk.SetChargerMode(*job->charger_mode);
  } else if (job->write.has_value()) {
    status = desk.Write(*job->info, *job->write);
  } else if (job->info != nullptr) {
    status = desk.Read(*job->info);
  } else if (verb == "commission") {
    status = desk.Commission();
  } else {
    status = verb == "dump" ? desk.All(meanwell::Commands()) : verb == "typeread" ? desk.Type() : desk.Serial();
  }
  desk.Count(err);
  if (verb != "commission") desk.Finish();
  return status.ok() ? kOk : Failed(status, err);
}

}  // namespace abcds
