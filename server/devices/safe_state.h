// All converters of a site to 0 W, without a daemon.
#ifndef ABCDS_SERVER_DEVICES_SAFE_STATE_H_
#define ABCDS_SERVER_DEVICES_SAFE_STATE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "hal/units/time.h"
#include "server/config/site.h"
#include "server/state/state_file.h"

namespace abcds {

// Which converters (indices into site.converters) must be spoken to one after the other because they share a line;
// groups are independent of each other.
[[nodiscard]] std::vector<std::vector<size_t>> SafeStateGroups(const Site& site);

// Called once per converter, in its group's own process: what became of it.
using SafeStateReport = std::function<void(const std::string& name, const absl::Status& status)>;

// Commands 0 W with one child process per group, all in parallel, so that a line that blocks holds up no other. Tries
// again what has not confirmed until `limit` has passed; a child that is stuck is left behind shortly after it. True
// when every converter has confirmed. What it writes to memories that wear out is added to `file`. The calling process must have one thread only, since it forks. `site` must come
// from LoadSite with KnownDevices().
[[nodiscard]] bool CommandSafeState(const Site& site, const StateFile& file, Nanoseconds limit,
                                    const SafeStateReport& report);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_SAFE_STATE_H_
