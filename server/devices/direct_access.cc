#include "server/devices/direct_access.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace abcds {
namespace {

constexpr int kBaudLowest = 1200;
constexpr int kBaudHighest = 115200;

std::string Names(const std::vector<DirectAccess::Setting>& settings) {
  if (settings.empty()) return "it has none";
  return absl::StrJoin(settings, ", ", [](std::string* out, const auto& setting) { out->append(setting.name); });
}

}  // namespace

absl::StatusOr<std::vector<uint16_t>> DirectAccess::ReadRegisters(const DirectTarget&, uint16_t, uint8_t) const {
  return absl::InvalidArgumentError(absl::StrCat(type(), " has no registers"));
}

absl::StatusOr<DirectWritten> DirectAccess::Write(const DirectTarget&, const DirectWrite&, const Cancelled&) const {
  return absl::InvalidArgumentError(absl::StrCat(type(), " has nothing that can be written"));
}

absl::StatusOr<std::vector<int>> DirectAccess::FindAddresses(const std::string&, int, const Cancelled&) const {
  return absl::InvalidArgumentError(absl::StrCat(type(), " is on no CAN bus"));
}

absl::Status DirectAccess::Complete(DirectTarget& target) const {
  const std::vector<Setting> known = settings();
  for (const auto& [name, value] : target.settings) {
    if (std::none_of(known.begin(), known.end(), [&name = name](const Setting& one) { return one.name == name; })) {
      return absl::InvalidArgumentError(absl::StrCat(type(), " has no setting \"", name, "\": ", Names(known)));
    }
  }
  if (reach() == Reach::kNetwork) {
    if (target.host.empty())
      return absl::InvalidArgumentError(absl::StrCat(type(), " is on the network: give its host, --host HOST[:PORT]"));
    if (!target.port.empty()) return absl::InvalidArgumentError(absl::StrCat(type(), " is on no serial port"));
    if (target.network_port < 0 || target.network_port > 65535) {
      return absl::InvalidArgumentError(absl::StrCat("network port ", target.network_port, " is outside [1, 65535]"));
    }
    return absl::OkStatus();
  }
  const bool can = reach() == Reach::kCan;
  const char* const line = can ? " is on a CAN bus" : " is on a serial line";
  if (target.port.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(type(), line, ": give its port, --port PORT",
                                                   can ? " (can0, or that of an SLCAN adapter)" : ""));
  }
  if (!target.host.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(type(), line, "; one behind the network is a port named tcp://HOST:PORT"));
  }
  if (target.baud == 0) target.baud = bauds().front();
  if (can && target.baud != bauds().front()) {
    return absl::InvalidArgumentError(absl::StrCat(type(), " speaks at ", bauds().front(), " bit/s only"));
  }
  if (!can && (target.baud < kBaudLowest || target.baud > kBaudHighest)) {
    return absl::InvalidArgumentError(
        absl::StrCat(target.baud, " baud is outside [", kBaudLowest, ", ", kBaudHighest, "]"));
  }
  const Addresses range = addresses();
  if (target.address < 0 || (target.address == 0 && range.lowest > 0)) target.address = range.usual;
  if (target.address < range.lowest || target.address > range.highest) {
    return absl::InvalidArgumentError(range.highest == 0 ? absl::StrCat(type(), " has no address")
                                                         : absl::StrCat("address ", target.address, " is outside [",
                                                                        range.lowest, ", ", range.highest, "]"));
  }
  return absl::OkStatus();
}

std::string DirectAccess::ConnectionText(const DirectTarget& target) const {
  if (reach() == Reach::kNetwork) {
    return target.network_port == 0 ? target.host : absl::StrCat(target.host, ":", target.network_port);
  }
  if (reach() == Reach::kCan) return absl::StrCat("CAN ", target.port, ", address ", target.address);
  std::string text = target.port;
  if (!absl::StrContains(text, "://")) absl::StrAppend(&text, " at ", target.baud, " baud");
  if (target.address != 0) absl::StrAppend(&text, ", address ", target.address);
  return text;
}

}  // namespace abcds
