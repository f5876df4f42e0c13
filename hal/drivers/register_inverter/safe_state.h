// Brings one inverter behind Modbus registers to 0 W without a daemon: what the guard does when the worker has died.
#ifndef ABCDS_HAL_DRIVERS_REGISTER_INVERTER_SAFE_STATE_H_
#define ABCDS_HAL_DRIVERS_REGISTER_INVERTER_SAFE_STATE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "hal/drivers/register_inverter/register_map.h"
#include "hal/units/time.h"

namespace abcds::register_inverter {

// Opens the port, writes 0 W, and reads the power back until it is below 20 W; lost answers and a lost port are tried
// again until `deadline`. OK only when the inverter has confirmed. Otherwise one sentence: LineOwnedError() where a
// daemon that runs owns the port (then at once), Unavailable where nothing answered, DeadlineExceeded where it answered
// and still delivers. Synchronous, no thread, no mailbox; the port is closed at the end.
[[nodiscard]] absl::Status CommandSafeState(std::unique_ptr<const RegisterMap> map, uint8_t unit,
                                            const std::string& port, int baud, MonotonicTime deadline);

}  // namespace abcds::register_inverter

#endif  // ABCDS_HAL_DRIVERS_REGISTER_INVERTER_SAFE_STATE_H_
