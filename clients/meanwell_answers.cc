#include "clients/meanwell_answers.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "abcds/v1/devices.pb.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "clients/format.h"
#include "clients/json.h"
#include "google/protobuf/struct.pb.h"

namespace abcds {
namespace {

// What the daemon reads all the time, under the tool's and the manual's names.
struct ReadRow {
  const char* verb;
  const char* command;
  const char* reading;
  const char* unit;
};
constexpr ReadRow kReads[] = {
    {"statusread", "OPERATION", "operation_on", ""},
    {"cvread", "VOUT_SET", "voltage_setpoint_v", " V"},
    {"ccread", "IOUT_SET", "current_setpoint_a", " A"},
    {"dvread", "REVERSE_VOUT_SET", "discharge_voltage_setpoint_v", " V"},
    {"dcread", "REVERSE_IOUT_SET", "discharge_current_setpoint_a", " A"},
    {"vread", "READ_VOUT", "dc_voltage_v", " V"},
    {"cread", "READ_IOUT", "current_a", " A"},
    {"acvread", "READ_VIN", "ac_voltage_v", " V"},
    {"tempread", "READ_TEMPERATURE_1", "temperature_c", " °C"},
    {"fan1read", "READ_FAN_SPEED_1", "fan_1_rpm", " rpm"},
    {"fan2read", "READ_FAN_SPEED_2", "fan_2_rpm", " rpm"},
};

enum class Effect { kReads, kWrites, kUnknown };

Effect EffectOf(const std::string& verb) {
  if (verb == "read" || verb == "dump" || absl::EndsWith(verb, "read")) return Effect::kReads;
  for (const char* const write : {"on", "off", "charge", "discharge", "write", "commission"}) {
    if (verb == write) return Effect::kWrites;
  }
  return absl::EndsWith(verb, "set") ? Effect::kWrites : Effect::kUnknown;
}

// Words that belong to the verb, itself included; what follows is the device's name.
size_t WordsOfVerb(const std::string& verb) {
  if (verb == "write") return 3;
  return verb == "read" || absl::EndsWith(verb, "set") ? 2 : 1;
}

// Without options. None where a place is given: the tool knows whether it is taken.
std::optional<std::vector<std::string>> WordsOf(const std::vector<std::string>& raw) {
  std::vector<std::string> words;
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == "--can" || absl::StartsWith(raw[i], "--can=")) return std::nullopt;
    if (!absl::StartsWith(raw[i], "--")) {
      words.push_back(raw[i]);
    } else if (raw[i] == "--config" || raw[i] == "--state_dir") {
      ++i;
    }
  }
  return words;
}

class Answer {
 public:
  Answer(const Invocation& invocation, const v1::ListedDevice& device)
      : invocation_(invocation), device_(device), name_(Printable(device.name())) {}

  int Read(const std::string& verb, const std::string& command) {
    if (device_.lifecycle() == v1::LIFECYCLE_CONNECTING) {
      return Refuse(absl::StrCat(name_, " does not answer the daemon", Trouble(": ", "")));
    }
    if (verb == "typeread") return Identity();
    if (verb == "dump") {
      for (const ReadRow& row : kReads) Show(row);
      Say("trouble", Trouble("", "none"), std::nullopt);
      return Done();
    }
    if (verb == "faultread" || absl::EqualsIgnoreCase(command, "FAULT_STATUS")) {
      Say("trouble", Trouble("", "none"), std::nullopt);
      return Done();
    }
    const auto* const row = std::find_if(std::begin(kReads), std::end(kReads), [&](const ReadRow& each) {
      return verb == each.verb || (verb == "read" && absl::EqualsIgnoreCase(command, each.command));
    });
    if (row != std::end(kReads) && Show(*row)) return Done();
    return Refuse(absl::StrCat("the daemon that drives ", name_, " has no value for ", verb, command.empty() ? "" : " ",
                               Printable(command), ": stop it to ask the device itself"));
  }

  int Write() {
    return Refuse(absl::StrCat("not written: the daemon drives ", name_,
                               " and would put it right at once; let it set the power (abcdsctl mode forced "
                               "--power 500W), or stop it first"));
  }

 private:
  [[nodiscard]] std::string Trouble(const char* before, const char* none) const {
    const std::string& trouble = device_.details().trouble();
    return trouble.empty() ? none : absl::StrCat(before, Printable(trouble));
  }

  bool Show(const ReadRow& row) {
    const auto reading = device_.details().readings().find(row.reading);
    if (reading == device_.details().readings().end()) return false;
    const bool is_switch = std::string_view(row.reading) == "operation_on";
    Say(row.command,
        is_switch ? (reading->second != 0 ? "on" : "off") : absl::StrFormat("%g%s", reading->second, row.unit),
        reading->second);
    return true;
  }

  int Identity() {
    for (const char* const key : {"model", "serial_number", "revision"}) {
      const auto text = device_.details().identity().find(key);
      if (text != device_.details().identity().end()) Say(key, Printable(text->second), std::nullopt);
    }
    return Done();
  }

  void Say(const std::string& name, const std::string& text, std::optional<double> value) {
    if (!invocation_.json) {
      invocation_.out << name << ": " << text << "\n";
      return;
    }
    auto& fields = *(*json_.mutable_fields())[name].mutable_struct_value()->mutable_fields();
    fields["text"].set_string_value(text);
    if (value.has_value()) fields["value"].set_number_value(*value);
  }

  int Done() {
    if (invocation_.json) {
      (*json_.mutable_fields())["source"].set_string_value("daemon");
      invocation_.out << ToJson(json_, false);
    } else {
      invocation_.out << "(as the running daemon has it)\n";
    }
    return kExitOk;
  }

  int Refuse(const std::string& sentence) {
    invocation_.err << "abcdsctl: " << sentence << "\n";
    return kExitRefused;
  }

  const Invocation& invocation_;
  const v1::ListedDevice& device_;
  const std::string name_;
  google::protobuf::Struct json_;
};

}  // namespace

std::optional<int> AnswerMeanwellByDaemon(const Invocation& invocation) {
  const auto words = WordsOf(invocation.raw);
  if (!words.has_value() || words->empty()) return std::nullopt;
  const std::string& verb = (*words)[0];
  const Effect effect = EffectOf(verb);
  const size_t own = WordsOfVerb(verb);
  // What makes no sense, the tool explains.
  if (effect == Effect::kUnknown || words->size() < own || words->size() > own + 1) return std::nullopt;
  const auto list = invocation.Connect()->ListDevices();
  if (absl::IsUnavailable(list.status())) return std::nullopt;
  // One listens that does not answer: it may drive the device.
  if (!list.ok()) return invocation.Failed(list.status());

  const std::string wanted = words->size() > own ? words->back() : "";
  const v1::ListedDevice* found = nullptr;
  std::vector<std::string> names;
  for (const v1::ListedDevice& device : list->devices()) {
    if (!absl::StartsWith(device.type(), "meanwell-")) continue;
    names.push_back(Printable(device.name()));
    if (wanted.empty() || device.name() == wanted) found = &device;
  }
  if (found == nullptr) return std::nullopt;
  if (wanted.empty() && names.size() > 1) {
    return invocation.UsageError(absl::StrCat("which one: ", absl::StrJoin(names, ", "), "?"));
  }
  Answer answer(invocation, *found);
  return effect == Effect::kWrites ? answer.Write() : answer.Read(verb, own == 2 ? (*words)[1] : "");
}

}  // namespace abcds
