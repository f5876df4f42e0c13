// Opens CAN lines by what the configuration says about them.
#ifndef ABCDS_HAL_TRANSPORT_CAN_OPEN_H_
#define ABCDS_HAL_TRANSPORT_CAN_OPEN_H_

#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/transport/can_adapter.h"
#include "hal/transport/can_client.h"
#include "hal/transport/slcan_timing.h"

namespace abcds {

// Either `interface` or `slcan_port` is set.
struct CanOptions {
  std::string interface {};  // of the kernel: "can0"
  std::string slcan_port{};  // of an adapter that speaks SLCAN (USBtin): device node, pty, or "tcp://host:port"
  int bitrate = 250'000;
  bool bring_up = false;  // an interface that is down is set to `bitrate` and brought up (CAP_NET_ADMIN)
  SlcanTiming slcan{};    // no more than a test has reason to change it
};

// With us as its only owner. `filters`: what Receive() gives; all of them stay the same. Errors, each one sentence:
//   LineOwnedError()    somebody else uses it
//   InvalidArgument     it is no CAN interface, no serial port, or cannot have this bit rate: retrying cannot help
//   NotFound, Unavailable, PermissionDenied   not there now; worth retrying
[[nodiscard]] absl::StatusOr<std::unique_ptr<CanAdapter>> OpenCanAdapter(const CanOptions& options,
                                                                         std::span<const CanFilter> filters);

// How the line is called in sentences: the interface or the port.
[[nodiscard]] const std::string& CanLineName(const CanOptions& options);

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_CAN_OPEN_H_
