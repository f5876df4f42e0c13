// Chargers of constant power behind a smart plug: options, decode, safe state.
#ifndef ABCDS_SERVER_DEVICES_SWITCHED_CHARGER_H_
#define ABCDS_SERVER_DEVICES_SWITCHED_CHARGER_H_

#include "server/devices/device_type.h"

namespace abcds {

[[nodiscard]] const DeviceType& SwitchedChargerType();

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_SWITCHED_CHARGER_H_
