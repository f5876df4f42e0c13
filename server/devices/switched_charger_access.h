// Smart plugs, asked directly what they are.
#ifndef ABCDS_SERVER_DEVICES_SWITCHED_CHARGER_ACCESS_H_
#define ABCDS_SERVER_DEVICES_SWITCHED_CHARGER_ACCESS_H_

#include "server/devices/direct_access.h"

namespace abcds {

[[nodiscard]] const DirectAccess& SwitchedChargerAccess();

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_SWITCHED_CHARGER_ACCESS_H_
