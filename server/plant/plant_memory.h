// What of the plant only a person may undo: no restart, upgrade or change of the configuration.
#ifndef ABCDS_SERVER_PLANT_PLANT_MEMORY_H_
#define ABCDS_SERVER_PLANT_PLANT_MEMORY_H_

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "control/core/types.h"
#include "hal/units/time.h"

namespace abcds {

struct Latch {
  FaultId fault = FaultId::kCount;
  int8_t converter = -1;  // -1: the plant

  auto operator<=>(const Latch&) const = default;
};

struct PlantMemory {
  // Since when an operator has the direction switched off. Only what makes the plant do less is remembered: what is on
  // after a start, the configuration says.
  std::optional<WallTime> charging_disabled_since;
  std::optional<WallTime> discharging_disabled_since;
  std::set<Latch> latches;
  // What converters were found to draw while they are on, whole watts AC.
  std::map<int8_t, int> learned_w;
  // What is left of converters' write budgets.
  struct Savings {
    int left = 0;          // whole writes
    uint64_t written = 0;  // the device's count at that moment

    bool operator==(const Savings&) const = default;
  };
  std::map<int8_t, Savings> savings{};

  bool operator==(const PlantMemory&) const = default;
};

// Called with the whole memory whenever it has changed. Must not wait.
using RememberPlant = std::function<void(const PlantMemory&)>;

}  // namespace abcds

#endif  // ABCDS_SERVER_PLANT_PLANT_MEMORY_H_
