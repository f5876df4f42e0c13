// Brings one board's inverter to 0 W without a daemon: what the guard does when the worker has died.
#ifndef ABCDS_HAL_DRIVERS_TRUCKI_SAFE_STATE_H_
#define ABCDS_HAL_DRIVERS_TRUCKI_SAFE_STATE_H_

#include <string>

#include "absl/status/status.h"
#include "hal/drivers/trucki/device.h"
#include "hal/units/time.h"

namespace abcds::trucki {

// As register_inverter::CommandSafeState, with the board's registers: confirmed not before its display can know, 1.3 s
// after the order.
[[nodiscard]] absl::Status CommandSafeState(const TruckiOptions& options, const std::string& port, int baud,
                                            MonotonicTime deadline);

}  // namespace abcds::trucki

#endif  // ABCDS_HAL_DRIVERS_TRUCKI_SAFE_STATE_H_
