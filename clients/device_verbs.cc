#include "clients/device_verbs.h"

#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/device_calls.h"
#include "clients/device_report.h"
#include "clients/format.h"
#include "clients/json.h"
#include "google/protobuf/util/time_util.h"

namespace abcds {
namespace {

constexpr char kUsualHold[] = "10s";

void Print(const Invocation& invocation, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) invocation.out << line << "\n";
}

// A number option into a field; INVALID_ARGUMENT with what is wrong.
template <class Set>
absl::Status ReadNumber(const CommandLine& line, const char* option, uint32_t highest, Set&& set) {
  if (!line.Has(option)) return absl::OkStatus();
  const std::string text = line.Get(option, "");
  uint32_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number > highest) {
    return absl::InvalidArgumentError(absl::StrCat("--", option, " \"", text, "\" is no number up to ", highest));
  }
  set(number);
  return absl::OkStatus();
}

absl::Status ReadSettings(const CommandLine& line, v1::DeviceLocation& location) {
  for (const auto setting : absl::StrSplit(line.Get("set", ""), ',', absl::SkipEmpty())) {
    const size_t equals = setting.find('=');
    if (equals == absl::string_view::npos || equals == 0) {
      return absl::InvalidArgumentError(absl::StrCat("--set \"", setting, "\" is no KEY=VALUE"));
    }
    (*location.mutable_settings())[std::string(setting.substr(0, equals))] = std::string(setting.substr(equals + 1));
  }
  return absl::OkStatus();
}

// HOST or HOST:PORT; IPv6 addresses with a port in brackets.
absl::Status ReadHost(const std::string& text, v1::DeviceLocation& location) {
  const size_t colon = text.rfind(':');
  const bool bare = colon == std::string::npos || (text.find(':') != colon && text.front() != '[');
  location.set_host(bare ? text : text.substr(0, colon));
  if (bare || text.back() == ']') {
    location.set_host(text);
    return absl::OkStatus();
  }
  uint32_t port = 0;
  if (!absl::SimpleAtoi(text.substr(colon + 1), &port) || port == 0 || port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("--host \"", text, "\" is no HOST or HOST:PORT"));
  }
  location.set_network_port(port);
  return absl::OkStatus();
}

// `word` is a type where the command line says where the device is, else a name of the configuration.
absl::Status ReadTarget(const CommandLine& line, const std::string& word, v1::DeviceTarget& target) {
  if (!line.Has("port") && !line.Has("host")) {
    for (const char* const option : {"baud", "device-address", "set"}) {
      if (line.Has(option)) {
        return absl::InvalidArgumentError(absl::StrCat("--", option, " needs --port or --host: it is for devices that are in "
                                                       "no configuration"));
      }
    }
    target.set_name(word);
    return absl::OkStatus();
  }
  v1::DeviceLocation& location = *target.mutable_location();
  location.set_type(word);
  location.set_port(line.Get("port", ""));
  if (line.Has("host")) {
    if (absl::Status status = ReadHost(line.Get("host", ""), location); !status.ok()) return status;
  }
  absl::Status status = ReadNumber(line, "baud", 1'000'000, [&](uint32_t baud) { location.set_baud(baud); });
  if (status.ok()) {
    status = ReadNumber(line, "device-address", 247, [&](uint32_t address) { location.set_address(address); });
  }
  return status.ok() ? ReadSettings(line, location) : status;
}

// Who names a time means the device's answer as well as the daemon's.
template <class Request>
void SetLimit(const Invocation& invocation, Request& request) {
  if (!invocation.line.Has("timeout") || !request.target().has_location()) return;
  *request.mutable_limit() = google::protobuf::util::TimeUtil::MillisecondsToDuration(invocation.timeout.count());
}

// Asks for what only a daemon has, while there is none.
int NeedsDaemon(const Invocation& invocation, const DeviceCalls& calls, const std::string& name) {
  return invocation.Failed(absl::UnavailableError(
      absl::StrCat(std::string(calls.no_daemon().message()), ". Without it, ", name,
                   " is not known by its name: give its TYPE (`abcdsctl device list --types`) and --port or --host")));
}

template <class Response>
int Show(const Invocation& invocation, const Response& response, const std::vector<std::string>& lines) {
  if (invocation.json) {
    invocation.out << ToJson(response, true);
  } else {
    Print(invocation, lines);
  }
  return kExitOk;
}

int List(const Invocation& invocation) {
  if (invocation.line.words.size() > 1) return invocation.UsageError("list wants no more words");
  auto calls = DeviceCalls::Begin(invocation);
  if (!calls.ok()) return invocation.Failed(calls.status());
  if (invocation.line.Has("types")) {
    const auto types = calls->Types();
    return types.ok() ? Show(invocation, *types, TypeLines(*types)) : invocation.Failed(types.status());
  }
  const auto devices = calls->List();
  return devices.ok() ? Show(invocation, *devices, ListLines(*devices)) : invocation.Failed(devices.status());
}

// What a scan tells while it runs: progress on a terminal as one line that changes.
class ScanScreen {
 public:
  explicit ScanScreen(const Invocation& invocation)
      : invocation_(invocation), alive_(!invocation.json && isatty(STDERR_FILENO) == 1) {}
  ~ScanScreen() { Clear(); }
  ScanScreen(const ScanScreen&) = delete;
  ScanScreen& operator=(const ScanScreen&) = delete;

  void Show(const v1::ScanDevicesResponse& event) {
    unopened_ |= event.port().result() == v1::ScannedPort::RESULT_CANNOT_OPEN;
    if (invocation_.json) {
      invocation_.out << ToJson(event, false) << std::flush;
      return;
    }
    Clear();
    if (event.has_progress() && alive_) {
      const v1::ScanProgress& progress = event.progress();
      invocation_.err << Clip(absl::StrCat(progress.done(), "/", progress.total(), "  ", Printable(progress.port()), ": ",
                                           Printable(progress.asking())),
                              100)
                      << std::flush;
      drawn_ = true;
    }
    if (event.has_found()) {
      ++found_;
      Print(invocation_, FoundLines(event.found()));
      invocation_.out << "\n" << std::flush;
    }
    if (event.has_port()) {
      ++ports_;
      invocation_.out << Printable(event.port().port()) << ": " << Printable(event.port().text()) << "\n\n" << std::flush;
    }
  }

  // Whether a port could not be opened. One that is in use is told with what is on it, or who uses it.
  [[nodiscard]] bool unopened() const { return unopened_; }

  void End() {
    if (invocation_.json) return;
    Clear();
    if (ports_ == 0) {
      invocation_.out << "No serial port with hardware behind it and no CAN interface was found. Is the adapter plugged in? A port can be "
                         "named: abcdsctl device scan PORT\n";
    } else {
      invocation_.out << found_ << (found_ == 1 ? " device" : " devices") << " found on " << ports_
                      << (ports_ == 1 ? " port" : " ports") << ".\n";
    }
  }

 private:
  void Clear() {
    if (drawn_) invocation_.err << "\r\x1b[K" << std::flush;
    drawn_ = false;
  }

  const Invocation& invocation_;
  const bool alive_;
  bool drawn_ = false;
  int found_ = 0;
  int ports_ = 0;
  bool unopened_ = false;
};

int Scan(const Invocation& invocation) {
  v1::ScanDevicesRequest request;
  for (size_t i = 1; i < invocation.line.words.size(); ++i) request.add_ports(invocation.line.words[i]);
  for (const auto port : absl::StrSplit(invocation.line.Get("port", ""), ',', absl::SkipEmpty())) {
    request.add_ports(std::string(port));
  }
  for (const auto type : absl::StrSplit(invocation.line.Get("type", ""), ',', absl::SkipEmpty())) {
    request.add_types(std::string(type));
  }
  const absl::Status number = ReadNumber(invocation.line, "addresses", 247,
                                         [&](uint32_t highest) { request.set_address_highest(highest); });
  if (!number.ok()) return invocation.UsageError(std::string(number.message()));
  auto calls = DeviceCalls::Begin(invocation);
  if (!calls.ok()) return invocation.Failed(calls.status());
  ScanScreen screen(invocation);
  const absl::Status status = calls->Scan(request, [&](const v1::ScanDevicesResponse& event) { screen.Show(event); });
  if (!status.ok()) return invocation.Failed(status);
  screen.End();
  // Where ports are named, silence on one that could not be opened is no answer.
  return screen.unopened() && request.ports_size() > 0 ? kExitRefused : kExitOk;
}

int Probe(const Invocation& invocation) {
  const std::vector<std::string>& words = invocation.line.words;
  if (words.size() != 2) return invocation.UsageError("probe wants one device: a NAME, or a TYPE with --port or --host");
  v1::ProbeDeviceRequest request;
  const absl::Status target = ReadTarget(invocation.line, words[1], *request.mutable_target());
  if (!target.ok()) return invocation.UsageError(std::string(target.message()));
  SetLimit(invocation, request);
  auto calls = DeviceCalls::Begin(invocation);
  if (!calls.ok()) return invocation.Failed(calls.status());
  if (!calls->has_daemon() && !request.target().has_location()) return NeedsDaemon(invocation, *calls, words[1]);
  const auto response = calls->Probe(request);
  if (!response.ok()) return invocation.Failed(response.status());
  return Show(invocation, *response, ReportLines(response->report()));
}

// The one reading that was asked for, without its name: for scripts.
int ShowReading(const Invocation& invocation, const v1::DeviceReport& report, const std::string& name) {
  const auto found = report.details().readings().find(name);
  if (found == report.details().readings().end()) {
    std::vector<std::string> names;
    for (const auto& [known, value] : report.details().readings()) names.push_back(known);
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    const std::string closest = Closest(name, candidates);
    return invocation.Failed(absl::NotFoundError(
        absl::StrCat("it has no value \"", name, "\"", closest.empty() ? "; without a name all are shown"
                                                                       : absl::StrCat("; did you mean ", closest, "?"))));
  }
  invocation.out << ValueText(name, found->second).value << "\n";
  return kExitOk;
}

int Read(const Invocation& invocation) {
  const std::vector<std::string>& words = invocation.line.words;
  if (words.size() < 2) return invocation.UsageError("read wants a device: a NAME, or a TYPE with --port or --host");
  v1::ReadDeviceRequest request;
  const bool registers = words.size() > 2 && words[2] == "register";
  absl::Status status = ReadTarget(invocation.line, words[1], *request.mutable_target());
  if (status.ok() && registers) {
    uint32_t first = 0;
    if (words.size() != 4 || !absl::SimpleAtoi(words[3], &first)) {
      status = absl::InvalidArgumentError("register wants a number, zero-based as on the wire: read TYPE register 107");
    }
    request.mutable_registers()->set_first(first);
    request.mutable_registers()->set_count(1);
    if (status.ok()) {
      status = ReadNumber(invocation.line, "count", 32,
                          [&](uint32_t count) { request.mutable_registers()->set_count(count); });
    }
  }
  if (status.ok() && !registers && words.size() > 3) {
    status = absl::InvalidArgumentError("read wants one VALUE at most");
  }
  if (!status.ok()) return invocation.UsageError(std::string(status.message()));
  SetLimit(invocation, request);
  auto calls = DeviceCalls::Begin(invocation);
  if (!calls.ok()) return invocation.Failed(calls.status());
  if (!calls->has_daemon() && !request.target().has_location()) return NeedsDaemon(invocation, *calls, words[1]);
  const auto response = calls->Read(request);
  if (!response.ok()) return invocation.Failed(response.status());
  if (registers && !invocation.json) {
    for (const v1::RegisterValue& value : response->registers()) invocation.out << RegisterLine(value) << "\n";
    return kExitOk;
  }
  if (words.size() == 3 && !invocation.json) return ShowReading(invocation, response->report(), words[2]);
  return Show(invocation, *response, ReportLines(response->report()));
}

// NUMBER by the unit of the name.
absl::StatusOr<double> ParseValue(const std::string& name, const std::string& text) {
  if (name.size() > 2 && name.compare(name.size() - 2, 2, "_w") == 0) return ParsePowerW(text);
  double value = 0;
  if (absl::SimpleAtod(text, &value)) return value;
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no number"));
}

absl::Status ReadWrite(const CommandLine& line, v1::WriteDeviceRequest& request) {
  if (absl::Status status = ReadTarget(line, line.words[1], *request.mutable_target()); !status.ok()) return status;
  request.set_value_name(line.words[2]);
  const auto value = ParseValue(line.words[2], line.words[3]);
  if (!value.ok()) return value.status();
  request.set_value(*value);
  const std::string hold = line.Get("for", kUsualHold);
  request.set_keep(hold == "keep");
  if (request.keep()) return absl::OkStatus();
  const auto time = ParseDuration(hold);
  if (!time.ok()) return time.status();
  *request.mutable_hold() = google::protobuf::util::TimeUtil::MillisecondsToDuration(time->count());
  return absl::OkStatus();
}

// Whether the person at the terminal wants it.
bool Confirm(const Invocation& invocation, const v1::WriteDeviceRequest& request) {
  invocation.err << "This writes " << request.value_name() << " = " << request.value() << " to the "
                 << request.target().location().type() << " at " << request.target().location().port()
                 << (request.value() == 0 ? ""
                     : request.keep()     ? ", and leaves it there"
                                          : ", and 0 W afterwards")
                 << ". No BMS, meter or limit of abcdsd looks after it meanwhile.\nGo on? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

int Write(const Invocation& invocation) {
  if (invocation.line.words.size() != 4) {
    return invocation.UsageError("write wants a device, a value's name and a number: write lumentree power_w -100W --port …");
  }
  v1::WriteDeviceRequest request;
  const absl::Status parsed = ReadWrite(invocation.line, request);
  if (!parsed.ok()) return invocation.UsageError(std::string(parsed.message()));
  auto calls = DeviceCalls::Begin(invocation);
  if (!calls.ok()) return invocation.Failed(calls.status());
  if (!request.target().has_location() && !calls->has_daemon()) {
    return NeedsDaemon(invocation, *calls, invocation.line.words[1]);
  }
  // What is only going to be refused needs no question.
  if (request.target().has_location() && !invocation.line.Has("yes")) {
    if (isatty(STDIN_FILENO) == 0) {
      return invocation.UsageError("write asks before it writes; where nobody can answer give --yes");
    }
    if (!Confirm(invocation, request)) return invocation.Failed(absl::CancelledError("nothing was written"));
  }
  const auto response = calls->Write(request);
  if (!response.ok()) return invocation.Failed(response.status());
  if (invocation.json) {
    invocation.out << ToJson(*response, true);
  } else {
    invocation.out << Printable(response->text()) << "\n";
  }
  return response->verified() ? kExitOk : kExitRefused;
}

}  // namespace

int RunDeviceVerb(const Invocation& invocation) {
  const std::string& action = invocation.line.words[0];
  if (action == "scan") return Scan(invocation);
  if (action == "probe") return Probe(invocation);
  if (action == "read") return Read(invocation);
  if (action == "write") return Write(invocation);
  return List(invocation);
}

}  // namespace abcds
