// JK BMS (4E57 protocol): options, decode.
#ifndef ABCDS_SERVER_DEVICES_JK_BMS_H_
#define ABCDS_SERVER_DEVICES_JK_BMS_H_

#include "server/devices/device_type.h"

namespace abcds {

[[nodiscard]] const DeviceType& JkBmsType();

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_JK_BMS_H_
