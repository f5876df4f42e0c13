#include "hal/drivers/meanwell/capability.h"

#include <algorithm>

namespace abcds::meanwell {
namespace {

// The limits follow the battery's voltage in steps: each one may cost a write.
constexpr double kLimitStepShare = 0.004;  // of the nominal voltage, 0.1 V of 24 V
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

void Capability::Forget() noexcept {
  at_voltage_since_.reset();
  voltage_ = Volts(0);
  limits_ = {};
}

void Capability::Update(const SetpointOptions& options, const Seen& seen, MonotonicTime now) noexcept {
  const Model& model = *options.model;
  if (Magnitude(seen.voltage - voltage_) >= model.nominal * kLimitStepShare) voltage_ = seen.voltage;
  limits_ = LimitsAt(options, voltage_);
  // Against the voltage it is set to a BIC lets some current flow the other way.
  if (bic_) {
    const Volts margin = model.nominal * kBlockedShare;
    charge_blocked_ = ChargeBlocked(model, seen, now);
    discharge_blocked_ = seen.voltage <= discharge_voltage_ + (discharge_blocked_ ? margin : Volts(0));
    if (charge_blocked_) limits_.max_charge = limits_.min_charge = Watts(0);
    if (discharge_blocked_) limits_.max_discharge = limits_.min_discharge = Watts(0);
  }
  LimitToWhatTheBatteryTakes(options, seen, now);
}

// A battery that is almost full takes less than it is offered: that is no failure to follow, but the limit.
void Capability::LimitToWhatTheBatteryTakes(const SetpointOptions& options, const Seen& seen,
                                            MonotonicTime now) noexcept {
  const Setpoint& setpoint = seen.setpoint;
  const bool takes_less = setpoint.kind == Setpoint::Kind::kCurrent && setpoint.power > Watts(0) && seen.runs &&
                          seen.current < setpoint.current * kTakesLess &&
                          seen.voltage >= charge_voltage_ - options.model->nominal * kAtVoltageShare;
  if (!takes_less) {
    at_voltage_since_.reset();
    return;
  }
  if (!at_voltage_since_) {
    at_voltage_since_ = now;
    battery_takes_ = limits_.max_charge;
  }
  if (now - *at_voltage_since_ < kTakesLessFor) return;
  const Watts takes = AcPower(seen.voltage, seen.current, options.efficiency) * kHeadroomAtVoltage;
  if (Magnitude(takes - battery_takes_) > battery_takes_ * kTellingChange) battery_takes_ = takes;
  limits_.max_charge = std::clamp(battery_takes_, limits_.min_charge, limits_.max_charge);
}

// Full, or about to be discharged by its own charge voltage. One reading at the charge voltage is not that yet: it is
// where charging ends, with less and less current.
bool Capability::ChargeBlocked(const Model& model, const Seen& seen, MonotonicTime now) noexcept {
  if (charge_blocked_) {
    full_since_.reset();
    return seen.voltage >= charge_voltage_ - model.nominal * kBlockedShare;
  }
  if (seen.voltage < charge_voltage_) {
    full_since_.reset();
    return false;
  }
  if (seen.runs && seen.charges && seen.current < Amperes(0)) return true;
  if (seen.current > model.charge_min) {
    full_since_.reset();
    return false;
  }
  if (!full_since_) full_since_ = now;
  return now - *full_since_ >= kFullFor;
}

}  // namespace abcds::meanwell
