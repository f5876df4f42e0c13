// Words for what the control core says as data. The only place where text about decisions and events is made.
#ifndef ABCDS_SERVER_PLANT_EXPLAIN_H_
#define ABCDS_SERVER_PLANT_EXPLAIN_H_

#include <string>

#include "control/runtime/snapshot.h"
#include "server/plant/facts.h"

namespace abcds {

// "Discharging 390 W: follows the load estimate of 391 W". Never empty.
[[nodiscard]] std::string ExplainPlant(const SiteFacts& facts, const Snapshot& snapshot);

// The same for one converter, without its name. `index` is in [0, snapshot.converter_count).
[[nodiscard]] std::string ExplainConverter(const SiteFacts& facts, const Snapshot& snapshot, int index);

// As people type it: "charge-only".
[[nodiscard]] std::string ModeWord(Mode mode);

// "inverter: fault converter_silent: …", for the log.
[[nodiscard]] std::string DescribeEvent(const SiteFacts& facts, const Event& event);

}  // namespace abcds

#endif  // ABCDS_SERVER_PLANT_EXPLAIN_H_
