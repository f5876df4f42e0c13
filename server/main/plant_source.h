// Monitoring's view of the plant.
#ifndef ABCDS_SERVER_MAIN_PLANT_SOURCE_H_
#define ABCDS_SERVER_MAIN_PLANT_SOURCE_H_

#include "monitoring/snapshot_source.h"
#include "server/plant/plant.h"

namespace abcds {

class PlantSource final : public SnapshotSource {
 public:
  explicit PlantSource(const Plant& plant) : plant_(plant) {}

  [[nodiscard]] Observation Observe() const override;

 private:
  const Plant& plant_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_PLANT_SOURCE_H_
