// Shelly energy meters: options, decode.
#ifndef ABCDS_SERVER_DEVICES_SHELLY_H_
#define ABCDS_SERVER_DEVICES_SHELLY_H_

#include "server/devices/device_type.h"

namespace abcds {

[[nodiscard]] const DeviceType& Shelly3emType();

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_SHELLY_H_
