// Which Mean Well units are on a CAN line that no daemon uses.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_FIND_UNITS_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_FIND_UNITS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/drivers/meanwell/command.h"
#include "hal/transport/can_open.h"

namespace abcds::meanwell {

// Asks each unit of the family, up to `highest`, once for its model (never all at once: what a broadcast question does is
// not documented), and gives those that answered, in order. Blocks for half a second and 25 ms a unit, some seconds where
// the adapter or its line is silent; ends early when it is cancelled. Errors as OpenCanAdapter; Unavailable: the line was
// lost, or takes no frames.
[[nodiscard]] absl::StatusOr<std::vector<uint8_t>> FindUnits(const CanOptions& line, Family family, uint8_t highest,
                                                             const std::function<bool()>& cancelled);

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_FIND_UNITS_H_
