#include "clients/meanwell_answers.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
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

// The verbs of `abcdsd --tool meanwell`. What of it the daemon reads all the time has the manual's name of the command
// and the daemon's of the reading.
struct VerbRow {
  const char* name;
  bool writes;
  size_t words;  // that belong to it, itself included; what follows is the device's name
  const char* command;
  const char* reading;
  const char* unit;
};
constexpr VerbRow kVerbs[] = {
    {"readonoff", false, 1, "OPERATION", "operation_on", ""},
    {"cvread", false, 1, "VOUT_SET", "voltage_setpoint_v", " V"},
    {"ccread", false, 1, "IOUT_SET", "current_setpoint_a", " A"},
    {"dvread", false, 1, "REVERSE_VOUT_SET", "discharge_voltage_setpoint_v", " V"},
    {"dcread", false, 1, "REVERSE_IOUT_SET", "discharge_current_setpoint_a", " A"},
    {"vread", false, 1, "READ_VOUT", "dc_voltage_v", " V"},
    {"cread", false, 1, "READ_IOUT", "current_a", " A"},
    {"acvread", false, 1, "READ_VIN", "ac_voltage_v", " V"},
    {"tempread", false, 1, "READ_TEMPERATURE_1", "temperature_c", " °C"},
    {"fan1", false, 1, "READ_FAN_SPEED_1", "fan_1_rpm", " rpm"},
    {"fan2", false, 1, "READ_FAN_SPEED_2", "fan_2_rpm", " rpm"},
    {"faultread", false, 1, "FAULT_STATUS", "", ""},
    {"typeread", false, 1, "", "", ""},
    {"serialread", false, 1, "", "", ""},
    {"firmwareread", false, 1, "", "", ""},
    {"statusread", false, 1, "", "", ""},
    {"readscaling", false, 1, "", "", ""},
    {"systemconfigread", false, 1, "", "", ""},
    {"NPB_readcurve", false, 1, "", "", ""},
    {"dump", false, 1, "", "", ""},
    {"read", false, 2, "", "", ""},
    {"on", true, 1, "", "", ""},
    {"off", true, 1, "", "", ""},
    {"charge", true, 1, "", "", ""},
    {"discharge", true, 1, "", "", ""},
    {"cvset", true, 2, "", "", ""},
    {"ccset", true, 2, "", "", ""},
    {"dvset", true, 2, "", "", ""},
    {"dcset", true, 2, "", "", ""},
    {"systemconfigset", true, 2, "", "", ""},
    {"NPB_chargemode", true, 2, "", "", ""},
    {"write", true, 3, "", "", ""},
    {"commission", true, 1, "", "", ""},
};

// Null: what makes no sense, the tool explains.
const VerbRow* FindVerb(const std::string& name) {
  const auto* const row = std::find_if(std::begin(kVerbs), std::end(kVerbs),
                                       [&](const VerbRow& each) { return absl::EqualsIgnoreCase(name, each.name); });
  return row == std::end(kVerbs) ? nullptr : row;
}

// Without options. None where a place is given: the tool knows whether it is taken.
std::optional<std::vector<std::string>> WordsOf(const std::vector<std::string>& raw) {
  std::vector<std::string> words;
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == "--can" || absl::StartsWith(raw[i], "--can=")) return std::nullopt;
    if (!absl::StartsWith(raw[i], "--")) {
      words.push_back(raw[i]);
    } else if (raw[i] == "--config" || raw[i] == "--state-dir" || raw[i] == "--state_dir") {
      ++i;
    }
  }
  return words;
}

class Answer {
 public:
  Answer(const Invocation& invocation, const v1::ListedDevice& device)
      : invocation_(invocation), device_(device), name_(Printable(device.name())) {}

  // `command`: the manual's name, of the verb "read".
  int Read(const VerbRow& verb, const std::string& command) {
    if (device_.lifecycle() == v1::LIFECYCLE_CONNECTING) {
      return Refuse(absl::StrCat(name_, " does not answer the daemon", Trouble(": ", "")));
    }
    const std::string_view name = verb.name;
    if (name == "dump") return Dump();
    if (name == "typeread") return Identity({"model", "serial_number", "revision"});
    if (name == "serialread") return Identity({"serial_number"});
    if (name == "firmwareread") return Identity({"revision"});
    const auto* const row =
        name != "read" ? &verb : std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const VerbRow& each) {
          return each.command[0] != '\0' && absl::EqualsIgnoreCase(command, each.command);
        });
    if (row != std::end(kVerbs)) {
      if (std::string_view(row->name) == "faultread") return Faults();
      if (Show(*row)) return Done();
    }
    return Refuse(absl::StrCat("the daemon that drives ", name_, " has no value for ", verb.name,
                               command.empty() ? "" : " ", Printable(command), ": stop it to ask the device itself"));
  }

  int Write(const VerbRow& verb) {
    if (std::string_view(verb.name) == "commission") {
      return Refuse(absl::StrCat("the daemon drives ", name_,
                                 ": stop it (systemctl stop abcdsd), run this again, and start it when that is done"));
    }
    return Refuse(absl::StrCat("not written: the daemon drives ", name_,
                               " and would put it right at once; let it set the power (abcdsctl mode forced "
                               "--power 500W), or stop it first"));
  }

 private:
  [[nodiscard]] std::string Trouble(const char* before, const char* none) const {
    const std::string& trouble = device_.details().trouble();
    return trouble.empty() ? none : absl::StrCat(before, Printable(trouble));
  }

  int Faults() {
    Say("trouble", Trouble("", "none"), std::nullopt);
    return Done();
  }

  int Dump() {
    for (const VerbRow& row : kVerbs) Show(row);
    return Faults();
  }

  bool Show(const VerbRow& row) {
    if (row.reading[0] == '\0') return false;
    const auto reading = device_.details().readings().find(row.reading);
    if (reading == device_.details().readings().end()) return false;
    const bool is_switch = std::string_view(row.reading) == "operation_on";
    Say(row.command,
        is_switch ? (reading->second != 0 ? "on" : "off") : absl::StrFormat("%g%s", reading->second, row.unit),
        reading->second);
    return true;
  }

  int Identity(std::initializer_list<const char*> keys) {
    for (const char* const key : keys) {
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
  const VerbRow* const verb = FindVerb((*words)[0]);
  if (verb == nullptr || words->size() < verb->words || words->size() > verb->words + 1) return std::nullopt;
  const auto list = invocation.Connect()->ListDevices();
  if (absl::IsUnavailable(list.status())) return std::nullopt;
  // One listens that does not answer: it may drive the device.
  if (!list.ok()) return invocation.Failed(list.status());

  const std::string wanted = words->size() > verb->words ? words->back() : "";
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
  return verb->writes ? answer.Write(*verb) : answer.Read(*verb, verb->words == 2 ? (*words)[1] : "");
}

}  // namespace abcds
