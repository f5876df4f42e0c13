// SUN GTIL2 inverters with a Trucki RS485 board: options, defaults, decode.
#ifndef ABCDS_SERVER_DEVICES_TRUCKI_H_
#define ABCDS_SERVER_DEVICES_TRUCKI_H_

#include "server/devices/device_type.h"

namespace abcds {

[[nodiscard]] const DeviceType& TruckiType();

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_TRUCKI_H_
