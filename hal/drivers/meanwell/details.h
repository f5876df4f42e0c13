// What a session tells people. Ordinary threads.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_DETAILS_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_DETAILS_H_

#include "hal/api/device_details.h"
#include "hal/drivers/meanwell/session.h"

namespace abcds::meanwell {

[[nodiscard]] DeviceDetails DetailsOf(const Options& options, const Session& session, MonotonicTime now);

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_DETAILS_H_
