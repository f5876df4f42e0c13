#include "server/main/ports.h"

#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace abcds {

absl::Status CheckPorts(const Site& site) {
  std::string missing;
  for (const Site::SerialBus& bus : site.buses) {
    const bool network = bus.port.rfind("tcp://", 0) == 0;
    if (network || access(bus.port.c_str(), F_OK) == 0) return absl::OkStatus();
    absl::StrAppend(&missing, missing.empty() ? "" : ", ", bus.port, " (bus \"", bus.name, "\")");
  }
  for (const Site::CanBus& bus : site.can_buses) {
    const bool network = bus.slcan_port.rfind("tcp://", 0) == 0;
    const std::string path = bus.interface.empty() ? bus.slcan_port : absl::StrCat("/sys/class/net/", bus.interface);
    if (network || access(path.c_str(), F_OK) == 0) return absl::OkStatus();
    absl::StrAppend(&missing, missing.empty() ? "" : ", ",
                    bus.interface.empty() ? bus.slcan_port : absl::StrCat("interface ", bus.interface), " (can_bus \"",
                    bus.name, "\")");
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there is no ", missing,
                                          ": plug the adapter in or correct the port; --wait_for_devices starts all the "
                                          "same and waits for it"));
}

}  // namespace abcds
