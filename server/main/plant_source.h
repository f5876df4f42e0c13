// Monitoring's view of the plant.
#ifndef ABCDS_SERVER_MAIN_PLANT_SOURCE_H_
#define ABCDS_SERVER_MAIN_PLANT_SOURCE_H_

#include <functional>
#include <utility>
#include <vector>

#include "hal/rt/progress.h"
#include "monitoring/snapshot_source.h"
#include "server/plant/plant.h"

namespace abcds {

class PlantSource final : public SnapshotSource {
 public:
  // `threads`: those that speak to the converters, in their order; any thread may ask.
  PlantSource(const Plant& plant, std::function<std::vector<ThreadProgress>()> threads)
      : plant_(plant), threads_(std::move(threads)) {}

  [[nodiscard]] Observation Observe() const override;

 private:
  const Plant& plant_;
  const std::function<std::vector<ThreadProgress>()> threads_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_PLANT_SOURCE_H_
