// Switches one plug off without a daemon: what the guard does when the worker has died.
#ifndef ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_SAFE_STATE_H_
#define ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_SAFE_STATE_H_

#include "absl/status/status.h"
#include "hal/drivers/switched_charger/options.h"
#include "hal/units/time.h"

namespace abcds::switched_charger {

// Tells it off, and asks until it says that it is off; tried again until `deadline`. OK only then. Otherwise one
// sentence: Unavailable where nothing answered, DeadlineExceeded where it answered and is not off, InvalidArgument at
// once for bad options. Synchronous, no mailbox, no thread of ours (the library may look a name up in one of its own).
[[nodiscard]] absl::Status CommandSafeState(const SwitchedChargerOptions& options, MonotonicTime deadline);

}  // namespace abcds::switched_charger

#endif  // ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_SAFE_STATE_H_
