// Whether the configuration's serial ports and CAN interfaces are there at all.
#ifndef ABCDS_SERVER_MAIN_PORTS_H_
#define ABCDS_SERVER_MAIN_PORTS_H_

#include "absl/status/status.h"
#include "server/config/site.h"

namespace abcds {

// A port that is missing among others is waited for while the plant runs on what is left. Where not one of them is there,
// nothing is left, and a wrong path is likelier than that everything is unplugged: NotFound, with what to do. Ports
// behind the network count as there.
[[nodiscard]] absl::Status CheckPorts(const Site& site);

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_PORTS_H_
