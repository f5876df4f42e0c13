// A Mean Well charger or bidirectional device of the simulated site, on a CAN bus of its own.
#ifndef ABCDS_HAL_SIM_MEANWELLS_H_
#define ABCDS_HAL_SIM_MEANWELLS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/sim/house/converter_model.h"
#include "hal/sim/shared_house.h"
#include "hal/sim/site_device.h"
#include "hal/sim/wire/can_line.h"
#include "hal/sim/wire/meanwell.h"

namespace abcds::sim {

struct MeanwellSiteOptions {
  MeanwellOptions device;
  std::string link;       // stable path of an SLCAN adapter; or
  std::string interface;  // a CAN interface of the kernel that is up: "vcan0"
};

// "meanwell-npb-1200-24", "meanwell-bic-2200-48": set up as it should be, unit 3 or 0. InvalidArgument with one
// sentence.
[[nodiscard]] absl::StatusOr<MeanwellOptions> ParseMeanwell(const std::string& text);
[[nodiscard]] bool IsBic(const MeanwellOptions& device);
// Cells in series that go with its voltage.
[[nodiscard]] int UsualCells(const MeanwellOptions& device);
// Stands for it in the house: does at once what the device, which has dynamics of its own, makes flow.
[[nodiscard]] ConverterOptions FollowingConverter(const MeanwellOptions& device);

// It is the converter `index` of the house.
class MeanwellBus final : public SiteDevice {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<MeanwellBus>> Open(const MeanwellSiteOptions& options,
                                                                         SharedHouse& house, size_t index);
  ~MeanwellBus() override;

  [[nodiscard]] std::string Description() const override;
  [[nodiscard]] std::vector<Breakable> Breakables() override;
  [[nodiscard]] std::string ConfigText(double speed) const override;
  void OnStep() override;

  [[nodiscard]] MeanwellDevice& device() { return *device_; }
  [[nodiscard]] CanLine& line() { return *line_; }

 private:
  MeanwellBus(const MeanwellSiteOptions& options, SharedHouse& house, size_t index);
  [[nodiscard]] FaultKind DeviceSwitch(const std::string& name, bool MeanwellFaults::*flag);

  const MeanwellSiteOptions options_;
  const std::string name_;
  SharedHouse& house_;
  const size_t index_;
  size_t told_ = 0;
  std::unique_ptr<MeanwellDevice> device_;
  std::unique_ptr<CanLine> line_;  // last: its thread uses the above
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_MEANWELLS_H_
