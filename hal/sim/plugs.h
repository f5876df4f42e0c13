// A charger of constant power behind a smart plug, in the simulated site.
#ifndef ABCDS_HAL_SIM_PLUGS_H_
#define ABCDS_HAL_SIM_PLUGS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/sim/house/converter_model.h"
#include "hal/sim/shared_house.h"
#include "hal/sim/site_device.h"
#include "hal/sim/wire/plug.h"

namespace abcds::sim {

// "plug-tasmota-600", "plug-shelly-gen1-600", "plug-shelly-gen2-600": the charger's watts stand last. InvalidArgument
// with one sentence.
[[nodiscard]] absl::StatusOr<Plug::Options> ParsePlug(const std::string& text);
// Whether it is meant to be one.
[[nodiscard]] bool IsPlug(const std::string& text);
// Stands for it in the house: does at once what the plug, which has a charger with dynamics of its own, makes flow.
[[nodiscard]] ConverterOptions FollowingPlug();

// It is the converter `index` of the house.
class PlugCharger final : public SiteDevice {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<PlugCharger>> Open(const Plug::Options& options,
                                                                         SharedHouse& house, size_t index);

  [[nodiscard]] std::string Description() const override;
  [[nodiscard]] std::vector<Breakable> Breakables() override;
  [[nodiscard]] std::string ConfigText(double speed) const override;
  void OnStep() override;

 private:
  PlugCharger(const Plug::Options& options, SharedHouse& house, size_t index);

  const Plug::Options options_;
  SharedHouse& house_;
  const size_t index_;
  size_t told_ = 0;
  Plug plug_;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_PLUGS_H_
