#include "hal/drivers/switched_charger/probe.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "hal/drivers/switched_charger/blocking_http.h"

namespace abcds::switched_charger {
namespace {

// Asks for what stands behind the login, once it is known what kind of plug this is.
class Reader {
 public:
  Reader(SwitchedChargerOptions options, Kind kind, MonotonicTime deadline, const std::function<bool()>& cancelled)
      : options_(WithKind(std::move(options), kind)),
        requests_(SessionOf(options_).requests),
        http_(ServerOf(options_), deadline, cancelled) {}

  void AddRelays(PlugReport& report) {
    const HttpReply reply = http_.Run(kGen2StatusPath);
    if (IsLoginRefused(reply.fault)) report.login_refused = true;
    if (reply.fault == HttpFault::kNone) static_cast<void>(AddGen2Relays(reply.body, report.identity));
  }

  void ReadRelay(PlugReport& report) {
    for (const Question question : {Question::kState, Question::kPower}) {
      const std::string path = PathOf(requests_, question);
      if (path.empty()) continue;
      const HttpReply reply = http_.Run(path.c_str());
      if (IsLoginRefused(reply.fault)) report.login_refused = true;
      if (reply.fault != HttpFault::kNone) return;
      const Decoded decoded = Decode(requests_.kind, requests_.relay, question, reply.body);
      if (decoded.login_refused) report.login_refused = true;
      if (decoded.refusal != Refusal::kNone) return;
      if (question == Question::kState) {
        report.relay = decoded.reading;
      } else {
        report.relay->power = decoded.reading.power;
        report.relay->voltage = decoded.reading.voltage;
      }
    }
  }

 private:
  static SwitchedChargerOptions WithKind(SwitchedChargerOptions options, Kind kind) {
    options.kind = kind;
    return options;
  }

  const SwitchedChargerOptions options_;
  const RequestOptions requests_;
  BlockingHttp http_;
};

}  // namespace

absl::StatusOr<PlugReport> ProbePlug(const SwitchedChargerOptions& options, MonotonicTime deadline,
                                     const std::function<bool()>& cancelled) {
  const std::string plug = absl::StrCat("the device at ", options.server.host, ":", options.server.port, " ");
  SwitchedChargerOptions open = options;
  open.server.password.clear();
  std::optional<PlugIdentity> identity;
  HttpReply reply;
  {
    BlockingHttp http(ServerOf(open), deadline, cancelled);
    reply = http.Run(kShellyPath);
    if (reply.fault == HttpFault::kNone) identity = IdentifyShelly(reply.body);
    if (!identity && !IsSilence(reply.fault)) {
      const std::string path = TasmotaStatusPath(options.server.user, options.server.password);
      reply = http.Run(path.c_str());
      if (reply.fault == HttpFault::kNone || IsLoginRefused(reply.fault)) identity = IdentifyTasmota(reply.body);
    }
    if (!identity && IsSilence(reply.fault)) return absl::UnavailableError(absl::StrCat(plug, HttpFaultText(reply.fault)));
  }
  if (!identity) return absl::InvalidArgumentError(absl::StrCat(plug, "answers, but as neither a Tasmota nor a Shelly"));
  PlugReport report{.identity = *identity, .login_refused = false, .relay = std::nullopt};
  const bool given = !options.server.password.empty();
  if (identity->locked && (!given || identity->kind == Kind::kTasmota)) {
    report.login_refused = given;
    return report;
  }
  Reader reader(options, identity->kind, deadline, cancelled);
  if (identity->kind == Kind::kShellyGen2) reader.AddRelays(report);
  if (!report.login_refused) reader.ReadRelay(report);
  return report;
}

}  // namespace abcds::switched_charger
