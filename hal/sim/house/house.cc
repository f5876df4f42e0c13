#include "hal/sim/house/house.h"

namespace abcds::sim {

House::House(const HouseOptions& options, std::unique_ptr<Profile> load, std::unique_ptr<Profile> sun)
    : battery_(options.battery), meter_(options.meter), load_(std::move(load)), sun_(std::move(sun)) {
  for (const ConverterOptions& converter : options.converters) converters_.emplace_back(converter);
}

std::optional<Watts> House::Step(Nanoseconds dt) {
  now_ += dt;
  load_now_ = load_->At(now_);
  sun_now_ = sun_->At(now_);
  grid_ = load_now_ - sun_now_;
  Watts into_battery;
  for (ConverterModel& converter : converters_) {
    converter.Step(dt);
    grid_ += converter.power();
    into_battery += converter.battery_power();
  }
  battery_.Step(into_battery, dt);
  return meter_.Step(grid_, dt);
}

}  // namespace abcds::sim
