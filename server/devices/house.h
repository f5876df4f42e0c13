// The built-in simulated house: its meter, charger, inverter and BMS.
#ifndef ABCDS_SERVER_DEVICES_HOUSE_H_
#define ABCDS_SERVER_DEVICES_HOUSE_H_

#include "server/devices/device_type.h"

namespace abcds {

[[nodiscard]] const DeviceType& HouseMeterType();
[[nodiscard]] const DeviceType& HouseChargerType();
[[nodiscard]] const DeviceType& HouseDischargerType();
[[nodiscard]] const DeviceType& HouseBmsType();

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_HOUSE_H_
