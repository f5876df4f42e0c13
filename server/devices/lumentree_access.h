// Lumentree / SUN inverters, asked directly.
#ifndef ABCDS_SERVER_DEVICES_LUMENTREE_ACCESS_H_
#define ABCDS_SERVER_DEVICES_LUMENTREE_ACCESS_H_

#include "server/devices/direct_access.h"

namespace abcds {

[[nodiscard]] const DirectAccess& LumentreeAccess();

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_LUMENTREE_ACCESS_H_
