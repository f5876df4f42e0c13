// Brings one BIC or NPB to rest without a daemon: what the guard does when the worker has died.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_SAFE_STATE_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_SAFE_STATE_H_

#include "absl/status/status.h"
#include "hal/drivers/meanwell/session.h"
#include "hal/transport/can_open.h"
#include "hal/units/time.h"

namespace abcds::meanwell {

// Where the CAN bus is; as for the daemon's own.
using Line = CanOptions;

// Opens the CAN line, switches the output off where it is on, and asks until OPERATION is off and FAULT_STATUS and the
// current agree; lost answers and a lost line are tried again until `deadline`. OK only when the device has confirmed.
// Otherwise one sentence: FailedPrecondition where another process owns the line (then at once), Unavailable where
// nothing answered, DeadlineExceeded where it answered and is not off. Writes are counted in options.ledger.
// Synchronous, no thread, no mailbox; the line is closed at the end.
[[nodiscard]] absl::Status CommandSafeState(const Options& options, const Line& line, MonotonicTime deadline);

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_SAFE_STATE_H_
