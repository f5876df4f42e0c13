#include "hal/drivers/house/house_converter.h"

#include <algorithm>
#include <utility>

#include "hal/units/at_rest.h"

namespace abcds::house {
namespace {

constexpr Nanoseconds kReadInterval = std::chrono::milliseconds(250);
constexpr Nanoseconds kRefresh = std::chrono::seconds(5);
constexpr std::chrono::seconds kStopTimeout(2);

}  // namespace

HouseConverter::HouseConverter(std::string model_name, HouseThread& thread, OnSetpoint on_setpoint)
    : model_name_(std::move(model_name)), thread_(thread), on_setpoint_(std::move(on_setpoint)) {}

HouseConverter::~HouseConverter() { Stop(); }

void HouseConverter::Start() {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::kNew) return;
  phase_ = Phase::kRunning;
  thread_.Hold();
}

void HouseConverter::Stop() {
  {
    std::unique_lock lock(mutex_);
    const bool was_running = phase_ == Phase::kRunning;
    if (phase_ == Phase::kNew) phase_ = Phase::kStopped;
    if (!was_running) return;
    phase_ = Phase::kStopping;
    at_rest_.wait_for(lock, kStopTimeout, [this] { return phase_ == Phase::kStopped; });
    phase_ = Phase::kStopped;
  }
  thread_.Release();
}

DeviceDetails HouseConverter::Details() const {
  DeviceDetails details;
  details.identity["model"] = model_name_;
  const std::lock_guard lock(mutex_);
  if (state_.power.valid) {
    details.readings["ac_power_w"] = state_.power.value.value();
    details.readings["dc_voltage_v"] = state_.dc_voltage.value.value();
  }
  details.counters["requests"] = writes_ + reads_;
  details.counters["setpoint_writes"] = writes_;
  if (link_.IsCut()) details.trouble = "the simulated " + model_name_ + " does not answer: its wire is cut";
  return details;
}

ConverterState HouseConverter::Latest() noexcept { return states_.Latest(); }

void HouseConverter::Command(const ConverterCommand& command) noexcept { commands_.Publish(command); }

void HouseConverter::Serve(sim::ConverterModel& model, Volts dc_voltage, MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::kNew || phase_ == Phase::kStopped) return;
  state_.max_charge = std::max(model.options().highest, Watts(0));
  state_.max_discharge = std::max(-model.options().lowest, Watts(0));
  if (link_.IsCut()) {
    zero_sent_ = false;
    state_.lifecycle = Lifecycle::kConnecting;
  } else {
    const ConverterCommand& command = commands_.Latest();
    const bool in_force =
        zero_sent_ && phase_ == Phase::kRunning && now < command.expires_at && IsFinite(command.power);
    const Watts wanted = in_force ? std::clamp(command.power, -state_.max_discharge, state_.max_charge) : Watts(0);
    if (!zero_sent_ || wanted != state_.acknowledged.value || now - sent_at_ >= kRefresh) Send(model, wanted, now);
    state_.lifecycle = Lifecycle::kActive;
    if (now >= read_due_) {
      read_due_ = now + kReadInterval;
      ++reads_;
      state_.power = {model.readback(), now, true};
      state_.dc_voltage = {dc_voltage, now, true};
      if (phase_ == Phase::kStopping && Magnitude(model.readback()) < kAtRest) {
        phase_ = Phase::kStopped;
        state_.lifecycle = Lifecycle::kConnecting;
        at_rest_.notify_all();
      }
    }
  }
  states_.Publish(state_);
}

void HouseConverter::Send(sim::ConverterModel& model, Watts setpoint, MonotonicTime now) {
  model.Set(setpoint);
  if (on_setpoint_) on_setpoint_(setpoint);
  zero_sent_ = true;
  sent_at_ = now;
  ++writes_;
  state_.acknowledged = {setpoint, now, true};
}

}  // namespace abcds::house
