// JK BMS (4E57 protocol), asked directly.
#ifndef ABCDS_SERVER_DEVICES_JK_BMS_ACCESS_H_
#define ABCDS_SERVER_DEVICES_JK_BMS_ACCESS_H_

#include "server/devices/direct_access.h"

namespace abcds {

[[nodiscard]] const DirectAccess& JkBmsAccess();

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_JK_BMS_ACCESS_H_
