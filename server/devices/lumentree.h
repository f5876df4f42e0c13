// Lumentree / SUN inverters: options, defaults, decode.
#ifndef ABCDS_SERVER_DEVICES_LUMENTREE_H_
#define ABCDS_SERVER_DEVICES_LUMENTREE_H_

#include "server/devices/device_type.h"

namespace abcds {

[[nodiscard]] const DeviceType& LumentreeType();

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_LUMENTREE_H_
