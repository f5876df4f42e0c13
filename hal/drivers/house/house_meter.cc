#include "hal/drivers/house/house_meter.h"

#include <utility>

namespace abcds::house {

HouseMeter::HouseMeter(HouseThread& thread) : thread_(thread) {}

HouseMeter::~HouseMeter() { Stop(); }

void HouseMeter::Start() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(running_, true)) return;
  thread_.Hold();
}

void HouseMeter::Stop() {
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(running_, false)) return;
  }
  thread_.Release();
}

DeviceDetails HouseMeter::Details() const {
  DeviceDetails details;
  details.identity["model"] = "simulated meter";
  const std::lock_guard lock(mutex_);
  if (state_.power.valid) details.readings["power_w"] = state_.power.value.value();
  details.counters["messages"] = state_.sequence;
  if (link_.IsCut()) details.trouble = "the simulated meter is silent: its wire is cut";
  return details;
}

MeterState HouseMeter::Latest() noexcept { return states_.Latest(); }

void HouseMeter::Serve(std::optional<Watts> message, MonotonicTime now) noexcept {
  const std::lock_guard lock(mutex_);
  if (!running_) return;
  if (link_.IsCut()) {
    state_.lifecycle = Lifecycle::kConnecting;
  } else if (message) {
    state_.power = {*message, now, true};
    ++state_.sequence;
    state_.lifecycle = Lifecycle::kActive;
  }
  states_.Publish(state_);
}

}  // namespace abcds::house
