#include "server/main/plant_source.h"

#include <algorithm>

#include "hal/rt/clock.h"

namespace abcds {
namespace {

MonitoredDevice DeviceOf(const DeviceFacts& facts, const DeviceDetails& details) {
  return {facts.name, facts.device_type, details.counters, !details.trouble.empty()};
}

}  // namespace

Observation PlantSource::Observe() const {
  Observation observation;
  const Plant::StatePtr state = plant_.Latest();
  if (state == nullptr) return observation;
  const SiteFacts& facts = plant_.facts();
  observation.started = true;
  observation.snapshot = state->snapshot;
  observation.meter = DeviceOf(facts.meter, state->details->meter);
  observation.has_battery_monitor = facts.battery.has_value();
  if (facts.battery) observation.battery = DeviceOf(*facts.battery, state->details->battery);
  const std::vector<ThreadProgress> threads = threads_();
  const MonotonicTime now = MonotonicNow();
  for (size_t i = 0; i < facts.converters.size(); ++i) {
    MonitoredDevice device = DeviceOf(facts.converters[i], state->details->converters[i]);
    if (threads[i].Runs()) device.thread_age = std::max(Nanoseconds(0), now - threads[i].went_on_at);
    observation.converters.push_back(std::move(device));
  }
  return observation;
}

}  // namespace abcds
