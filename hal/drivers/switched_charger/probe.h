// Finds out what a plug is, on the caller's own thread. Only reads.
#ifndef ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_PROBE_H_
#define ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_PROBE_H_

#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "hal/drivers/switched_charger/identity.h"
#include "hal/drivers/switched_charger/options.h"

namespace abcds::switched_charger {

struct PlugReport {
  PlugIdentity identity;
  bool login_refused = false;    // the given one
  std::optional<Reading> relay;  // of options.relay, where it may be read
};

// `options.kind` and power do not matter. Unavailable where nothing answers, InvalidArgument where something else does.
[[nodiscard]] absl::StatusOr<PlugReport> ProbePlug(const SwitchedChargerOptions& options, MonotonicTime deadline,
                                                   const std::function<bool()>& cancelled);

}  // namespace abcds::switched_charger

#endif  // ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_PROBE_H_
