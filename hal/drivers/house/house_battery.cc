#include "hal/drivers/house/house_battery.h"

#include <utility>

namespace abcds::house {
namespace {

constexpr Nanoseconds kReadInterval = std::chrono::milliseconds(250);
constexpr Volts kChargeStop{3.65};
constexpr Volts kChargeRestart{3.50};
constexpr Volts kDischargeStop{2.60};
constexpr Volts kDischargeRestart{2.90};

}  // namespace

HouseBattery::HouseBattery(HouseThread& thread) : thread_(thread) {}

HouseBattery::~HouseBattery() { Stop(); }

void HouseBattery::Start() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(running_, true)) return;
  thread_.Hold();
}

void HouseBattery::Stop() {
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(running_, false)) return;
  }
  thread_.Release();
}

DeviceDetails HouseBattery::Details() const {
  DeviceDetails details;
  details.identity["model"] = "simulated battery";
  const std::lock_guard lock(mutex_);
  if (state_.voltage.valid) {
    details.readings["pack_voltage_v"] = state_.voltage.value.value();
    details.readings["current_a"] = state_.current.value.value();
    details.readings["soc_percent"] = 100.0 * state_.soc.value.value();
    details.readings["temperature_c"] = state_.temperature_highest.value.value();
  }
  details.counters["requests"] = reads_;
  if (link_.IsCut()) details.trouble = "the simulated battery monitor does not answer: its wire is cut";
  return details;
}

BatteryState HouseBattery::Latest() noexcept { return states_.Latest(); }

void HouseBattery::Serve(const sim::BatteryModel& model, MonotonicTime now) noexcept {
  const std::lock_guard lock(mutex_);
  if (!running_) return;
  if (link_.IsCut()) {
    state_.lifecycle = Lifecycle::kConnecting;
  } else if (now >= read_due_) {
    read_due_ = now + kReadInterval;
    ++reads_;
    state_.voltage = {model.voltage(), now, true};
    state_.current = {model.current(), now, true};
    state_.soc = {model.soc(), now, true};
    state_.cell_lowest = {model.cell_lowest(), now, true};
    state_.cell_highest = {model.cell_highest(), now, true};
    state_.temperature_lowest = {model.temperature(), now, true};
    state_.temperature_highest = {model.temperature(), now, true};
    state_.charge_allowed = model.cell_highest() < (state_.charge_allowed ? kChargeStop : kChargeRestart);
    state_.discharge_allowed = model.cell_lowest() > (state_.discharge_allowed ? kDischargeStop : kDischargeRestart);
    state_.lifecycle = Lifecycle::kActive;
  }
  states_.Publish(state_);
}

}  // namespace abcds::house
