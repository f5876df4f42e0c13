#include "server/devices/switched_charger_access.h"

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "hal/drivers/switched_charger/probe.h"
#include "hal/rt/clock.h"
#include "server/devices/fragment.h"
#include "server/devices/password_file.h"

namespace abcds {
namespace {

using switched_charger::Kind;
using switched_charger::PlugReport;

constexpr int kPort = 80;
constexpr int kMostRelays = 8;

std::string Given(const DirectTarget& target, const char* name) {
  const auto given = target.settings.find(name);
  return given == target.settings.end() ? "" : given->second;
}

v1::SwitchedCharger::Kind ConfigKind(Kind kind) {
  switch (kind) {
    case Kind::kShellyGen1:
      return v1::SwitchedCharger::KIND_SHELLY_GEN1;
    case Kind::kShellyGen2:
      return v1::SwitchedCharger::KIND_SHELLY_GEN2;
    case Kind::kTasmota:
      break;
  }
  return v1::SwitchedCharger::KIND_TASMOTA;
}

std::string LoginText(const PlugReport& report, bool given) {
  if (report.login_refused) return "set, and refuses the given user or password";
  if (given) return "as given";
  return report.identity.locked ? "set: give it with password_file" : "none";
}

// On one line; what nobody but a person can know is left out, so that the check asks for it.
std::string ConfigLine(const DirectTarget& target, Kind kind, int relay) {
  v1::Config config;
  v1::Converter& converter = *config.add_converter();
  converter.set_name("charger");
  v1::SwitchedCharger& plug = *converter.mutable_switched_charger();
  plug.set_kind(ConfigKind(kind));
  plug.set_host(target.host);
  if (target.network_port != 0 && target.network_port != kPort) plug.set_port(static_cast<uint32_t>(target.network_port));
  if (const std::string user = Given(target, "user"); !user.empty()) plug.set_user(user);
  if (const std::string file = Given(target, "password_file"); !file.empty()) plug.set_password_file(file);
  if (relay != 1) plug.set_relay(static_cast<uint32_t>(relay));
  std::string text = absl::StrReplaceAll(FragmentText(config), {{"\n", " "}});
  while (absl::StrReplaceAll({{"  ", " "}}, &text) > 0) {
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

class Access final : public DirectAccess {
 public:
  std::string type() const override { return "switched-charger"; }
  Reach reach() const override { return Reach::kNetwork; }
  std::vector<Setting> settings() const override {
    return {{"relay", "which relay to look at, counted from 1"},
            {"user", "where the plug has a login set; its default is admin"},
            {"password_file", "full path of a file whose first line is the password"}};
  }
  std::string advice() const override {
    return "Does its page open in a browser? Is it a Tasmota or a Shelly?";
  }

  absl::StatusOr<DirectReport> Probe(const DirectTarget& target, Nanoseconds limit,
                                     const Cancelled& cancelled) const override {
    SwitchedChargerOptions options;
    options.server.host = target.host;
    options.server.port = target.network_port == 0 ? kPort : target.network_port;
    options.server.user = Given(target, "user");
    const std::string relay = Given(target, "relay");
    if (!relay.empty() && (!absl::SimpleAtoi(relay, &options.relay) || options.relay < 1 || options.relay > kMostRelays)) {
      return absl::InvalidArgumentError(absl::StrCat("relay \"", relay, "\" is none of 1 to ", kMostRelays));
    }
    if (const std::string file = Given(target, "password_file"); !file.empty()) {
      auto password = ReadPasswordFile(file);
      if (!password.ok()) return absl::InvalidArgumentError(password.status().message());
      options.server.password = *std::move(password);
    }
    const auto report = switched_charger::ProbePlug(options, MonotonicNow() + limit, cancelled);
    if (!report.ok()) return report.status();
    return ReportOf(*report, target, options);
  }

  // What kind it is only the plug knows: see "configuration" in what Probe() says.
  std::string ConfigText(const DirectTarget&) const override { return ""; }

 private:
  static DirectReport ReportOf(const PlugReport& plug, const DirectTarget& target,
                               const SwitchedChargerOptions& options) {
    DirectReport report;
    auto& identity = report.details.identity;
    identity["kind"] = switched_charger::KindName(plug.identity.kind);
    identity["model"] = plug.identity.model;
    identity["firmware"] = plug.identity.firmware;
    identity["login"] = LoginText(plug, !options.server.password.empty());
    identity["configuration"] = ConfigLine(target, plug.identity.kind, options.relay);
    auto& readings = report.details.readings;
    if (plug.identity.relays > 0) {
      readings["relays"] = plug.identity.relays;
      readings["has_meter"] = plug.identity.metered ? 1 : 0;
    }
    if (plug.relay && plug.relay->on) readings["relay_on"] = *plug.relay->on ? 1 : 0;
    if (plug.relay && plug.relay->power && plug.identity.metered) readings["power_w"] = plug.relay->power->value();
    if (plug.identity.relays > 0 && options.relay > plug.identity.relays) {
      report.details.trouble = absl::StrCat("it has no relay ", options.relay, ": 1 to ", plug.identity.relays);
    }
    return report;
  }
};

}  // namespace

const DirectAccess& SwitchedChargerAccess() {
  static const Access access;
  return access;
}

}  // namespace abcds
