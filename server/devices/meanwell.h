// Mean Well BIC-2200 and NPB over CAN: options, defaults, decode.
#ifndef ABCDS_SERVER_DEVICES_MEANWELL_H_
#define ABCDS_SERVER_DEVICES_MEANWELL_H_

#include "server/devices/device_type.h"

namespace abcds {

[[nodiscard]] const DeviceType& MeanwellBicType();
[[nodiscard]] const DeviceType& MeanwellNpbType();

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_MEANWELL_H_
