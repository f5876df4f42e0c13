// Brings the BICs and NPBs of a bus to rest without a daemon: what the guard does when the worker has died.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_SAFE_STATE_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_SAFE_STATE_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "hal/drivers/meanwell/session.h"
#include "hal/transport/can_open.h"
#include "hal/units/time.h"

namespace abcds::meanwell {

// Where the CAN bus is; as for the daemon's own.
using Line = CanOptions;

// Called once for each unit, by its index, as soon as it is known what became of it.
using SafeStateReport = std::function<void(size_t unit, const absl::Status& status)>;

// Opens the CAN line, switches the outputs off where they are on, and asks until OPERATION is off and FAULT_STATUS and
// the current agree; lost answers and a lost line are tried again until `deadline`. All units of the bus are spoken to
// at once: a silent one costs the others the time of its frames only. OK only when the unit has confirmed. Otherwise
// one sentence: LineOwnedError() where a daemon that runs owns the line (then at once), Unavailable where nothing
// answered, DeadlineExceeded where it answered and is not off. Writes are counted in the units' ledgers.
// Synchronous, no thread, no mailbox; the line is closed at the end.
void CommandSafeState(const std::vector<Options>& units, const Line& line, MonotonicTime deadline,
                      const SafeStateReport& report);

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_SAFE_STATE_H_
