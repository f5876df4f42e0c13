// What the device can do now, and what of it the outside is told.
#include "hal/drivers/meanwell/session.h"

namespace abcds::meanwell {
namespace {

using enum Command;

// Below half of what the model can be set to there is no battery.
constexpr double kNoBatteryShare = 0.5;
constexpr double kDeratingWhenHot = 0.5;

}  // namespace

SetpointOptions Session::Possibilities() const noexcept {
  const bool hot = faults_.has_value() && (*faults_ & fault::kHot) != 0;
  return {.model = identity_.model(),
          .efficiency = options_.efficiency,
          .voltage_loop = VoltageLoopPossible(),
          .derating = hot ? kDeratingWhenHot : 1.0};
}

void Session::UpdateLimits(MonotonicTime now) {
  if (identity_.model() == nullptr || !state_.dc_voltage.valid || stage_ != Stage::kReady || memory_.OnlyStopping()) {
    capability_.Suspend();
    return;
  }
  capability_.Update(Possibilities(),
                     {.voltage = state_.dc_voltage.value,
                      .current = current_,
                      .runs = registers_[kOperation].held == 1 && !switched_on_at_,
                      .charges = registers_[kDirectionCtrl].held == 0,
                      .setpoint = setpoint_},
                     now);
}

void Session::UpdateState(MonotonicTime) {
  const Limits& limits = capability_.limits();
  state_.max_charge = limits.max_charge;
  state_.max_discharge = limits.max_discharge;
  state_.min_charge = limits.min_charge;
  state_.min_discharge = limits.min_discharge;
  state_.write_limited = !memory_.eeprom_off();
  if (memory_.known()) state_.memory_writes = memory_.Writes();
  // DIRECTION_CTRL is stored whatever the device has been told.
  state_.turn_limited = options_.family == Family::kBic;
  // It answers, and says why it cannot be used.
  const bool faulty = stage_ == Stage::kReady && state_.dc_voltage.valid && faults_.has_value() && !Usable();
  if (!link_up_ || stage_ == Stage::kSilent) {
    state_.lifecycle = Lifecycle::kConnecting;
  } else if (stage_ == Stage::kRefused || faulty) {
    state_.lifecycle = Lifecycle::kFaulty;
  } else {
    state_.lifecycle = Usable() ? Lifecycle::kActive : Lifecycle::kInactive;
  }
}

bool Session::Usable() const noexcept {
  if (!link_up_ || stage_ != Stage::kReady || !state_.dc_voltage.valid || !faults_.has_value()) return false;
  if (!registers_[kOperation].held.has_value() && !registers_[kOperation].written.has_value()) return false;
  if (eeprom_error_ || ignores_ || start_failed_at_.has_value()) return false;
  if (watch_.has_value() && watch_->verdict() != OutputWatch::Verdict::kGood) return false;
  if ((*faults_ & (fault::kLatched | fault::kOverTemperature | fault::kAcFail)) != 0) return false;
  return state_.dc_voltage.value >= identity_.model()->voltage_min * kNoBatteryShare;
}

bool Session::VoltageLoopPossible() const noexcept {
  return options_.voltage_adjust && options_.family == Family::kNpb && memory_.eeprom_off();
}

}  // namespace abcds::meanwell
