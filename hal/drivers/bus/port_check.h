// Whether a serial line can be had at this moment.
#ifndef ABCDS_HAL_DRIVERS_BUS_PORT_CHECK_H_
#define ABCDS_HAL_DRIVERS_BUS_PORT_CHECK_H_

#include <string>

#include "absl/status/status.h"

namespace abcds {

// Opens the port as a driver does, as its only owner, and closes it again; nothing is sent. LineOwnedError() where
// somebody else uses it, each error one sentence. A tcp:// port may take 2 s.
[[nodiscard]] absl::Status CheckPort(const std::string& port, int baud);

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_BUS_PORT_CHECK_H_
