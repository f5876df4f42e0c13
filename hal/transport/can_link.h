// The kernel's CAN interfaces as links: whether one is there and up, and bringing it up.
#ifndef ABCDS_HAL_TRANSPORT_CAN_LINK_H_
#define ABCDS_HAL_TRANSPORT_CAN_LINK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace abcds {

struct CanLinkState {
  int index = 0;         // the kernel's number of the interface
  bool up = false;       // somebody brought it up
  bool running = false;  // it has a carrier: the controller is not off the bus
};

// `socket`: any socket. NotFound: there is no such interface; InvalidArgument: it is no CAN interface.
[[nodiscard]] absl::StatusOr<CanLinkState> ReadCanLink(int socket, const std::string& interface);

// Sets the bit rate and a restart 100 ms after bus-off (an interface without hardware has neither), and brings the
// interface up. PermissionDenied without CAP_NET_ADMIN, Unavailable where the kernel refuses: each a sentence with the
// command that does it by hand.
[[nodiscard]] absl::Status BringUpCanLink(const std::string& interface, int bitrate);

// Restarts a controller that is off the bus and does not restart by itself. False where that is not allowed or was not
// needed.
bool RestartCanController(const std::string& interface);

// "ip link set can0 up type can bitrate 250000 restart-ms 100", as fits the interface.
[[nodiscard]] std::string BringUpCommand(const std::string& interface, int bitrate);

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_CAN_LINK_H_
