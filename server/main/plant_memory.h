// The plant's memory as the state file keeps it: with names, since places in a configuration change.
#ifndef ABCDS_SERVER_MAIN_PLANT_MEMORY_H_
#define ABCDS_SERVER_MAIN_PLANT_MEMORY_H_

#include <string>
#include <vector>

#include "server/plant/facts.h"
#include "server/plant/plant_memory.h"
#include "server/state/kept_state.h"

namespace abcds {

struct TakenOver {
  PlantMemory memory;
  // What of it this site or this build does not know any more, "circulation of inverter-2": it is forgotten.
  std::vector<std::string> dropped;
};

// Faults and devices are found by their names, so that a changed configuration changes nothing about the rest.
[[nodiscard]] TakenOver MemoryOf(const KeptState& kept, const SiteFacts& facts);

// One sentence for the log on what is still in force from before the start, and how a person ends it; empty: nothing.
[[nodiscard]] std::string TakenOverText(const PlantMemory& memory, const SiteFacts& facts);

// Puts `memory` into `kept`, in place of what it held of the plant. What was learned and saved is only ever added to.
void Keep(const PlantMemory& memory, const SiteFacts& facts, KeptState& kept);

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_PLANT_MEMORY_H_
