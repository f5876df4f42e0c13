// The configuration of the daemon that belongs to a simulated site.
#ifndef ABCDS_HAL_SIM_CONFIG_TEXT_H_
#define ABCDS_HAL_SIM_CONFIG_TEXT_H_

#include <string>

#include "hal/sim/site.h"

namespace abcds::sim {

// Text for `abcdsd --config`, with the nominal delays of meter and inverter (not the true ones), all divided by
// `speed`. `meter_port`, of the broker or of the Shelly, as the site has it in the end.
[[nodiscard]] std::string ConfigText(const SiteOptions& options, int meter_port, double speed);

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_CONFIG_TEXT_H_
