// Brings one inverter to 0 W without a daemon: what the guard does when the worker has died.
#ifndef ABCDS_HAL_DRIVERS_LUMENTREE_SAFE_STATE_H_
#define ABCDS_HAL_DRIVERS_LUMENTREE_SAFE_STATE_H_

#include <string>

#include "absl/status/status.h"
#include "hal/drivers/lumentree/device.h"
#include "hal/units/time.h"

namespace abcds::lumentree {

// Opens the port, writes 0 W, and reads the power back until it is below 20 W; lost answers and a lost port are tried
// again until `deadline`. OK only when the inverter has confirmed. Otherwise one sentence: FailedPrecondition where
// another process owns the port (then at once), Unavailable where nothing answered, DeadlineExceeded where it answered
// and still delivers. Synchronous, no thread, no mailbox; the port is closed at the end.
[[nodiscard]] absl::Status CommandSafeState(const LumentreeOptions& options, const std::string& port, int baud,
                                            MonotonicTime deadline);

}  // namespace abcds::lumentree

#endif  // ABCDS_HAL_DRIVERS_LUMENTREE_SAFE_STATE_H_
