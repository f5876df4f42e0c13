#include "server/devices/can_bus.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace abcds {

absl::StatusOr<CanLineSettings> CanLineOf(const Site& site, const std::string& name) {
  for (const Site::CanBus& bus : site.can_buses) {
    if (bus.name != name) continue;
    return CanLineSettings{.interface = bus.interface,
                           .slcan_port = bus.slcan_port,
                           .bitrate = static_cast<int>(bus.bitrate),
                           .bring_up = bus.bring_up};
  }
  return absl::InternalError(absl::StrCat("no CAN bus \"", name, "\""));
}

std::string ExampleCanBus(v1::Config& config) {
  static constexpr char kName[] = "can";
  for (const v1::CanBus& bus : config.can_bus()) {
    if (bus.name() == kName) return kName;
  }
  v1::CanBus& bus = *config.add_can_bus();
  bus.set_name(kName);
  bus.set_slcan_port("/dev/ttyACM0");
  return kName;
}

}  // namespace abcds
