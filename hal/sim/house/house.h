// The whole plant: house, sun, battery, meter and converters on one AC bus.
#ifndef ABCDS_HAL_SIM_HOUSE_HOUSE_H_
#define ABCDS_HAL_SIM_HOUSE_HOUSE_H_

#include <memory>
#include <optional>
#include <vector>

#include "hal/sim/house/battery_model.h"
#include "hal/sim/house/converter_model.h"
#include "hal/sim/house/meter_model.h"
#include "hal/sim/house/profile.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::sim {

struct HouseOptions {
  BatteryOptions battery;
  MeterOptions meter;
  std::vector<ConverterOptions> converters;
};

// Deterministic; not thread-safe. Steps of 10 ms are fine enough for all devices here.
class House {
 public:
  // `load` and `sun` may not be null.
  House(const HouseOptions& options, std::unique_ptr<Profile> load, std::unique_ptr<Profile> sun);

  // Advances by `dt`. Returns the meter's message that arrives in this step, if one does.
  std::optional<Watts> Step(Nanoseconds dt);

  [[nodiscard]] Nanoseconds now() const { return now_; }
  [[nodiscard]] Watts load() const { return load_now_; }
  [[nodiscard]] Watts sun() const { return sun_now_; }
  // Grid power now, as an ideal meter would show it: load - sun + converters. + import.
  [[nodiscard]] Watts grid() const { return grid_; }
  [[nodiscard]] BatteryModel& battery() { return battery_; }
  [[nodiscard]] ConverterModel& converter(size_t index) { return converters_.at(index); }
  [[nodiscard]] size_t converter_count() const { return converters_.size(); }

 private:
  BatteryModel battery_;
  MeterModel meter_;
  std::vector<ConverterModel> converters_;
  std::unique_ptr<Profile> load_;
  std::unique_ptr<Profile> sun_;
  Nanoseconds now_{0};
  Watts load_now_;
  Watts sun_now_;
  Watts grid_;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_HOUSE_HOUSE_H_
