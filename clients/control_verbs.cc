#include "clients/control_verbs.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/format.h"
#include "clients/json.h"
#include "clients/report.h"
#include "google/protobuf/util/time_util.h"

namespace abcds {
namespace {

// Prints what the daemon has made of the request.
template <class Response>
int Finish(const Invocation& invocation, const absl::StatusOr<Response>& response, const std::string& done) {
  if (!response.ok()) return invocation.Failed(response.status());
  const v1::PlantState& state = response->state();
  if (invocation.json) {
    invocation.out << ToJson(state, true);
    return kExitOk;
  }
  invocation.out << done << ". Now: " << ModeText(state) << ", " << TargetText(state) << ", set "
                 << BatteryPowerText(state.decision().setpoint_w()) << " ("
                 << WordsOf(Printable(state.decision().reason())) << ").\n";
  return kExitOk;
}

int SetEnabled(const Invocation& invocation, bool enabled) {
  const char* const word = enabled ? "enabled" : "disabled";
  if (invocation.line.words[0] == "charger") {
    return Finish(invocation, invocation.Connect()->SetChargerEnabled(enabled), absl::StrCat("Charging is ", word));
  }
  return Finish(invocation, invocation.Connect()->SetDischargerEnabled(enabled), absl::StrCat("Discharging is ", word));
}

// The --lease option into a request; the daemon has the default.
template <class Request>
absl::Status ReadLease(const CommandLine& line, Request& request) {
  if (!line.Has("lease")) return absl::OkStatus();
  const auto lease = ParseDuration(line.Get("lease", ""));
  if (!lease.ok()) return lease.status();
  *request.mutable_lease() = google::protobuf::util::TimeUtil::MillisecondsToDuration(lease->count());
  return absl::OkStatus();
}

// "charge-only" → MODE_CHARGE_ONLY.
v1::Mode ModeOf(const std::string& word) {
  std::string name = absl::StrCat("MODE_", word);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  v1::Mode mode = v1::MODE_UNSPECIFIED;
  return v1::Mode_Parse(name, &mode) ? mode : v1::MODE_UNSPECIFIED;
}

absl::StatusOr<v1::SetModeRequest> ReadMode(const CommandLine& line) {
  v1::SetModeRequest request;
  request.set_mode(ModeOf(line.words[0]));
  const bool forced = request.mode() == v1::MODE_FORCED;
  for (const char* const option : {"power", "until-soc"}) {
    if (!forced && line.Has(option))
      return absl::InvalidArgumentError(absl::StrCat("--", option, " is for mode forced only"));
  }
  if (forced && !line.Has("power")) {
    return absl::InvalidArgumentError("mode forced needs --power: 500W charges, -500W discharges");
  }
  if (line.Has("power")) {
    const auto power_w = ParsePowerW(line.Get("power", ""));
    if (!power_w.ok()) return power_w.status();
    request.set_power_w(*power_w);
  }
  if (line.Has("until-soc")) {
    const auto share = ParsePercent(line.Get("until-soc", ""));
    if (!share.ok()) return share.status();
    request.set_until_soc_ratio(*share);
  }
  const absl::Status lease = ReadLease(line, request);
  if (!lease.ok()) return lease;
  return request;
}

// The names of the latched faults, of one device or, where that is empty, of all.
std::string Latched(const v1::PlantState& state, const std::string& device) {
  std::vector<std::string> names;
  for (const v1::Fault& fault : state.faults()) {
    if (fault.latched() && (device.empty() || fault.device() == device)) names.push_back(Printable(fault.id()));
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace

int RunEnable(const Invocation& invocation) { return SetEnabled(invocation, true); }

int RunDisable(const Invocation& invocation) { return SetEnabled(invocation, false); }

int RunTarget(const Invocation& invocation) {
  const auto target_w = ParsePowerW(invocation.line.words[0]);
  if (!target_w.ok()) return invocation.UsageError(std::string(target_w.status().message()));
  v1::SetTargetRequest request;
  request.set_target_w(*target_w);
  const absl::Status lease = ReadLease(invocation.line, request);
  if (!lease.ok()) return invocation.UsageError(std::string(lease.message()));
  return Finish(invocation, invocation.Connect()->SetTarget(request),
                absl::StrCat("The grid target is ", GridText(*target_w)));
}

int RunMode(const Invocation& invocation) {
  const auto request = ReadMode(invocation.line);
  if (!request.ok()) return invocation.UsageError(std::string(request.status().message()));
  return Finish(invocation, invocation.Connect()->SetMode(*request),
                absl::StrCat("The mode is ", invocation.line.words[0]));
}

int RunClearFault(const Invocation& invocation) {
  v1::ClearFaultRequest request;
  if (!invocation.line.words.empty()) request.set_id(invocation.line.words[0]);
  request.set_device(invocation.line.Get("device", ""));
  const auto client = invocation.Connect();
  if (request.id().empty() && !invocation.json) {
    const auto before = client->GetState();
    if (!before.ok()) return invocation.Failed(before.status());
    if (Latched(before->state(), request.device()).empty()) {
      invocation.out << "No fault is latched; nothing to clear.\n";
      return kExitOk;
    }
  }
  const auto response = client->ClearFault(request);
  const std::string left = response.ok() ? Latched(response->state(), request.device()) : "";
  return Finish(invocation, response,
                left.empty() ? "Cleared" : absl::StrCat("Cleared what can be; still latched, as the cause is still there: ", left));
}

}  // namespace abcds
