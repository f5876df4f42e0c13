// The published copy of the plant that all faces read.
#ifndef ABCDS_SERVER_PLANT_PLANT_STATE_H_
#define ABCDS_SERVER_PLANT_PLANT_STATE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "control/runtime/snapshot.h"
#include "hal/api/device_details.h"
#include "hal/units/time.h"

namespace abcds {

// What devices tell people, gathered once a second.
struct PlantDetails {
  DeviceDetails meter;
  DeviceDetails battery;
  std::vector<DeviceDetails> converters;
};

// Immutable once published; shared by all readers.
struct PlantState {
  uint64_t number = 0;  // grows with each publication
  Snapshot snapshot;
  std::shared_ptr<const PlantDetails> details;  // never null
  WallTime wall_time;                           // the wall clock when snapshot.time was
  // By an operator; survives restarts. A direction may also be off because the configuration says so.
  std::optional<WallTime> charging_disabled_since;
  std::optional<WallTime> discharging_disabled_since;

  // The wall time of a moment of the monotonic clock, as today's wall clock sees it.
  [[nodiscard]] WallTime WallOf(MonotonicTime time) const {
    return wall_time + std::chrono::duration_cast<WallTime::duration>(time - snapshot.time);
  }
};

}  // namespace abcds

#endif  // ABCDS_SERVER_PLANT_PLANT_STATE_H_
