#include "hal/drivers/trucki/safe_state.h"

#include "hal/drivers/register_inverter/safe_state.h"
#include "hal/drivers/trucki/register_map.h"

namespace abcds::trucki {

absl::Status CommandSafeState(const TruckiOptions& options, const std::string& port, int baud, MonotonicTime deadline) {
  return register_inverter::CommandSafeState(MakeRegisterMap(TraitsOf(options.model), options.old_firmware),
                                             options.address, port, baud, deadline);
}

}  // namespace abcds::trucki
