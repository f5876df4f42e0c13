// Stands in for a converter that a daemon only observes.
#ifndef ABCDS_SERVER_DEVICES_OBSERVED_CONVERTER_H_
#define ABCDS_SERVER_DEVICES_OBSERVED_CONVERTER_H_

#include "control/core/settings.h"
#include "hal/api/power_converter.h"
#include "hal/rt/clock.h"
#include "hal/units/quantity.h"

namespace abcds {

// Opens nothing, asks nothing, commands nothing: some other controller may have the device. To control it is a converter
// that could do what it is configured for, and stands at 0 W; what it moves really is part of the house's load.
class ObservedConverter final : public PowerConverter {
 public:
  explicit ObservedConverter(const ConverterSettings& settings) {
    state_.max_charge = settings.charges ? settings.max_charge : Watts(0);
    state_.max_discharge = settings.discharges ? settings.max_discharge : Watts(0);
    state_.lifecycle = Lifecycle::kActive;
  }

  void Start() override {}
  void Stop() override {}
  [[nodiscard]] DeviceDetails Details() const override {
    DeviceDetails details;
    details.trouble = "not opened, and commanded nothing: abcdsd was started with --observe; start it without to regulate";
    return details;
  }
  [[nodiscard]] ThreadProgress progress() const noexcept override { return {}; }
  [[nodiscard]] ConverterState Latest() noexcept override {
    state_.power = state_.acknowledged = {.value = Watts(0), .taken_at = MonotonicNow(), .valid = true};
    return state_;
  }
  void Command(const ConverterCommand& /*command*/) noexcept override {}

 private:
  ConverterState state_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_OBSERVED_CONVERTER_H_
