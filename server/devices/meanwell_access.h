// Mean Well devices asked directly.
#ifndef ABCDS_SERVER_DEVICES_MEANWELL_ACCESS_H_
#define ABCDS_SERVER_DEVICES_MEANWELL_ACCESS_H_

#include "hal/drivers/meanwell/command.h"
#include "server/devices/direct_access.h"

namespace abcds {

// Only reads: what is written by hand, `abcdsctl meanwell` does.
[[nodiscard]] const DirectAccess& MeanwellAccess(meanwell::Family family);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_MEANWELL_ACCESS_H_
