#include "hal/drivers/lumentree/safe_state.h"

#include "hal/drivers/lumentree/register_map.h"
#include "hal/drivers/register_inverter/safe_state.h"

namespace abcds::lumentree {

absl::Status CommandSafeState(const LumentreeOptions& options, const std::string& port, int baud,
                              MonotonicTime deadline) {
  return register_inverter::CommandSafeState(MakeRegisterMap(TraitsOf(options.model)), options.address, port, baud,
                                             deadline);
}

}  // namespace abcds::lumentree
