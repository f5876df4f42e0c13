// What the device can do now, and what of it the outside is told.
#include <algorithm>

#include "hal/drivers/meanwell/session.h"

namespace abcds::meanwell {
namespace {

using enum Command;

// Below half of what the model can be set to there is no battery.
constexpr double kNoBatteryShare = 0.5;
// The limits follow the battery's voltage in steps: each one may cost a write.
constexpr double kLimitStepShare = 0.004;  // of the nominal voltage, 0.1 V of 24 V
constexpr double kDeratingWhenHot = 0.5;
// Constant-voltage stage: the set voltage is reached within the accuracy of the reading, and less flows than was set.
constexpr double kAtVoltageShare = 0.01;
constexpr double kTakesLess = 0.9;
constexpr Nanoseconds kTakesLessFor = std::chrono::seconds(2);
constexpr double kHeadroomAtVoltage = 1.15;
constexpr double kTellingChange = 0.08;
// BIC: a battery at the charge voltage that takes hardly anything for so long is full.
constexpr Nanoseconds kFullFor = std::chrono::seconds(5);
constexpr double kBlockedShare = 0.02;  // of the nominal voltage, to come back

}  // namespace

SetpointOptions Session::Possibilities() const noexcept {
  const bool hot = faults_.has_value() && (*faults_ & fault::kHot) != 0;
  return {.model = identity_.model(),
          .efficiency = options_.efficiency,
          .voltage_loop = VoltageLoopPossible(),
          .derating = hot ? kDeratingWhenHot : 1.0};
}

void Session::UpdateLimits(MonotonicTime now) {
  const Model* model = identity_.model();
  if (model == nullptr || !state_.dc_voltage.valid || stage_ != Stage::kReady || memory_.OnlyStopping()) {
    limits_ = {};
    return;
  }
  const Volts voltage = state_.dc_voltage.value;
  if (Magnitude(voltage - limits_voltage_) >= model->nominal * kLimitStepShare) limits_voltage_ = voltage;
  limits_ = LimitsAt(Possibilities(), limits_voltage_);

  // Against the voltage it is set to a BIC lets some current flow the other way.
  const Volts margin = model->nominal * kBlockedShare;
  if (options_.family == Family::kBic) {
    charge_blocked_ = ChargeBlocked(now);
    discharge_blocked_ = voltage <= options_.discharge_voltage + (discharge_blocked_ ? margin : Volts(0));
    if (charge_blocked_) limits_.max_charge = limits_.min_charge = Watts(0);
    if (discharge_blocked_) limits_.max_discharge = limits_.min_discharge = Watts(0);
  }
  // A battery that is almost full takes less than it is offered: that is no failure to follow, but the limit.
  const bool takes_less = setpoint_.kind == Setpoint::Kind::kCurrent && setpoint_.power > Watts(0) &&
                          registers_[kOperation].held == 1 && !switched_on_at_ &&
                          current_ < setpoint_.current * kTakesLess &&
                          voltage >= options_.charge_voltage - model->nominal * kAtVoltageShare;
  if (!takes_less) {
    at_voltage_since_.reset();
    return;
  }
  if (!at_voltage_since_) {
    at_voltage_since_ = now;
    battery_takes_ = limits_.max_charge;
  }
  if (now - *at_voltage_since_ < kTakesLessFor) return;
  const Watts takes = AcPower(voltage, current_, options_.efficiency) * kHeadroomAtVoltage;
  if (Magnitude(takes - battery_takes_) > battery_takes_ * kTellingChange) battery_takes_ = takes;
  limits_.max_charge = std::clamp(battery_takes_, limits_.min_charge, limits_.max_charge);
}

// Full, or about to be discharged by its own charge voltage. One reading at the charge voltage is not that yet: it is
// where charging ends, with less and less current.
bool Session::ChargeBlocked(MonotonicTime now) noexcept {
  const Volts voltage = state_.dc_voltage.value;
  if (charge_blocked_) {
    full_since_.reset();
    return voltage >= options_.charge_voltage - identity_.model()->nominal * kBlockedShare;
  }
  if (voltage < options_.charge_voltage) {
    full_since_.reset();
    return false;
  }
  const bool charges = registers_[kOperation].held == 1 && registers_[kDirectionCtrl].held == 0 && !switched_on_at_;
  if (charges && current_ < Amperes(0)) return true;
  if (current_ > LeastCurrent(Direction::kCharge)) {
    full_since_.reset();
    return false;
  }
  if (!full_since_) full_since_ = now;
  return now - *full_since_ >= kFullFor;
}

void Session::UpdateState(MonotonicTime) {
  state_.max_charge = limits_.max_charge;
  state_.max_discharge = limits_.max_discharge;
  state_.min_charge = limits_.min_charge;
  state_.min_discharge = limits_.min_discharge;
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
