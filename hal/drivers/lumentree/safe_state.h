// Brings one inverter to 0 W without a daemon: what the guard does when the worker has died.
#ifndef ABCDS_HAL_DRIVERS_LUMENTREE_SAFE_STATE_H_
#define ABCDS_HAL_DRIVERS_LUMENTREE_SAFE_STATE_H_

#include <string>

#include "absl/status/status.h"
#include "hal/drivers/lumentree/device.h"
#include "hal/units/time.h"

namespace abcds::lumentree {

// As register_inverter::CommandSafeState, with this inverter's registers.
[[nodiscard]] absl::Status CommandSafeState(const LumentreeOptions& options, const std::string& port, int baud,
                                            MonotonicTime deadline);

}  // namespace abcds::lumentree

#endif  // ABCDS_HAL_DRIVERS_LUMENTREE_SAFE_STATE_H_
