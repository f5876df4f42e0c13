// What device types on CAN buses share.
#ifndef ABCDS_SERVER_DEVICES_CAN_BUS_H_
#define ABCDS_SERVER_DEVICES_CAN_BUS_H_

#include <string>

#include "absl/status/statusor.h"
#include "hal/drivers/bus/bus_set.h"
#include "server/config/site.h"

namespace abcds {

// Where the site's CAN bus of that name is. The check of the configuration has seen to it that there is one; else
// InternalError.
[[nodiscard]] absl::StatusOr<CanLineSettings> CanLineOf(const Site& site, const std::string& name);

// The name of the bus that the CAN devices of an example share; adds it to `config` where it is not there.
[[nodiscard]] std::string ExampleCanBus(v1::Config& config);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_CAN_BUS_H_
