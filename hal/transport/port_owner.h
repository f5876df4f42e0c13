// One owner per device: two daemons on one inverter would command against each other.
#ifndef ABCDS_HAL_TRANSPORT_PORT_OWNER_H_
#define ABCDS_HAL_TRANSPORT_PORT_OWNER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/transport/owned_fd.h"

namespace abcds {

// Locks the opened device node for as long as `fd` (and what was duplicated from it) is open. LineOwnedError() with a
// sentence that names `port`, and the other process where the kernel tells, when it is taken. flock: works for root,
// for every link to the node and for ptys, and ends with the process; TIOCEXCL does none of that.
[[nodiscard]] absl::Status LockOpenedNode(int fd, const std::string& port);

// The same for something without a node on this machine, such as "tcp/192.0.2.7:502": a name in the kernel's abstract
// socket space, held while the returned descriptor is open.
[[nodiscard]] absl::StatusOr<OwnedFd> ClaimName(const std::string& name, const std::string& port);

// The error, for ports that are refused in other ways (EBUSY). `pid` 0: unknown.
[[nodiscard]] absl::Status PortInUse(const std::string& port, int pid);

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_PORT_OWNER_H_
