#include "hal/drivers/register_inverter/freeze_watch.h"

namespace abcds::register_inverter {
namespace {

constexpr Nanoseconds kFrozenAfter = std::chrono::seconds(10);
constexpr Watts kMatters(30);

}  // namespace

void FreezeWatch::OnSetpoint(Watts setpoint, MonotonicTime now) noexcept {
  setpoint_ = setpoint;
  if (!changed_at_.has_value() && Magnitude(setpoint - setpoint_then_) > kMatters) changed_at_ = now;
}

void FreezeWatch::OnReadings(uint64_t fingerprint, MonotonicTime now) noexcept {
  if (fingerprint_ != fingerprint) {
    fingerprint_ = fingerprint;
    setpoint_then_ = setpoint_;
    changed_at_.reset();
    frozen_ = false;
    return;
  }
  if (changed_at_.has_value() && now - *changed_at_ > kFrozenAfter) frozen_ = true;
}

}  // namespace abcds::register_inverter
