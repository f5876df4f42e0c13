// The plant's memory as the state file keeps it: with names, since places in a configuration change.
#ifndef ABCDS_SERVER_MAIN_PLANT_MEMORY_H_
#define ABCDS_SERVER_MAIN_PLANT_MEMORY_H_

#include <string>

#include "server/plant/facts.h"
#include "server/plant/plant_memory.h"
#include "server/state/kept_state.h"

namespace abcds {

// What of `kept` this build and this site still know; the rest is forgotten, and latches and the operator's wishes also
// where they were kept under another configuration (see FingerprintOf()): who changes that, has looked. What was learned
// of a converter is as true as before.
[[nodiscard]] PlantMemory MemoryOf(const KeptState& kept, const SiteFacts& facts, const std::string& configuration);

// Puts `memory` into `kept`, in place of what it held of the plant. What was learned is only ever added to.
void Keep(const PlantMemory& memory, const SiteFacts& facts, const std::string& configuration, KeptState& kept);

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_PLANT_MEMORY_H_
