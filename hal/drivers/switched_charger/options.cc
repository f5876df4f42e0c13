#include "hal/drivers/switched_charger/options.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "hal/transport/port_owner.h"

namespace abcds::switched_charger {
absl::Status CheckOptions(const SwitchedChargerOptions& options) {
  if (options.server.host.empty()) return absl::InvalidArgumentError("server.host: is missing");
  if (!(options.power > Watts(0)) && !options.learn_power) {
    return absl::InvalidArgumentError("power_w: must be above 0, or learned");
  }
  if (options.relay < 1) return absl::InvalidArgumentError("relay: is counted from 1");
  if (options.auto_off < Nanoseconds(0)) return absl::InvalidArgumentError("auto_off_s: must not be negative");
  if (options.interval <= Nanoseconds(0)) return absl::InvalidArgumentError("interval_s: must be above 0");
  return absl::OkStatus();
}

std::string PlaceOf(const std::string& host, int port, int relay) {
  std::string name = absl::AsciiStrToLower(host);
  while (!name.empty() && name.back() == '.') name.pop_back();  // of a name that says that it is complete
  if (name.size() > 2 && name.front() == '[' && name.back() == ']') name = name.substr(1, name.size() - 2);
  return absl::StrCat(name, ":", port, ", relay ", relay);
}

absl::StatusOr<OwnedFd> ClaimPlug(const SwitchedChargerOptions& options) {
  const std::string place = PlaceOf(options.server.host, options.server.port, options.relay);
  return ClaimName(absl::StrCat("plug/", place), absl::StrCat("the plug at ", place));
}

HttpOptions ServerOf(const SwitchedChargerOptions& options) {
  HttpOptions server = options.server;
  server.keep_alive = false;  // older plugs have room for one or two connections, and close anyway
  server.first_byte_timeout = options.answers_within;
  server.deadline = options.answers_within + std::chrono::seconds(1);
  server.auth = HttpAuth::kNone;
  if (options.server.password.empty()) return server;
  if (options.kind == Kind::kShellyGen1) server.auth = HttpAuth::kBasic;
  if (options.kind == Kind::kShellyGen2) server.auth = HttpAuth::kDigest;
  if (server.user.empty()) server.user = "admin";
  return server;
}

SessionOptions SessionOf(const SwitchedChargerOptions& options) {
  return {.requests = {.kind = options.kind,
                       .relay = options.relay,
                       .user = options.server.user,
                       .password = options.server.password,
                       .auto_off = options.auto_off},
          .address = absl::StrCat(options.server.host, ":", options.server.port),
          .charger = RatingOf(options.power, options.learn_power),
          .interval = options.interval,
          .shortest_rest = options.shortest_rest,
          .starts_within = options.starts_within};
}

}  // namespace abcds::switched_charger
