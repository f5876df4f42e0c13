// SUN GTIL2 inverters with a Trucki RS485 board, asked directly.
#ifndef ABCDS_SERVER_DEVICES_TRUCKI_ACCESS_H_
#define ABCDS_SERVER_DEVICES_TRUCKI_ACCESS_H_

#include "server/devices/direct_access.h"

namespace abcds {

[[nodiscard]] const DirectAccess& TruckiAccess();

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_TRUCKI_ACCESS_H_
