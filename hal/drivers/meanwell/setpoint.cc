#include "hal/drivers/meanwell/setpoint.h"

#include <algorithm>
#include <cmath>

namespace abcds::meanwell {
namespace {

constexpr Volts kNoBattery{1};
constexpr double kAlmostLeast = 0.95;
// Less than this is not worth a charger's own consumption.
constexpr Amperes kLeastByVoltage{0.2};

}  // namespace

Limits LimitsAt(const SetpointOptions& options, Volts voltage) noexcept {
  Limits limits;
  if (options.model == nullptr || !(voltage > kNoBattery)) return limits;
  const Model& model = *options.model;
  const Amperes charge = std::max(model.charge_min, MostChargeCurrent(model, voltage) * options.derating);
  limits.max_charge = voltage * charge / options.efficiency;
  if (!options.voltage_loop) limits.min_charge = voltage * model.charge_min / options.efficiency;
  if (model.discharge_max > Amperes(0)) {
    const Amperes most = MostDischargeCurrent(model, voltage, options.efficiency);
    limits.max_discharge = voltage * std::max(model.discharge_min, most * options.derating) * options.efficiency;
    limits.min_discharge = voltage * model.discharge_min * options.efficiency;
  }
  return limits;
}

Setpoint SetpointFor(const SetpointOptions& options, const Limits& limits, Watts power, Volts voltage) noexcept {
  Setpoint setpoint;
  if (!IsFinite(power) || options.model == nullptr || !(voltage > kNoBattery)) return setpoint;
  power = std::clamp(power, -limits.max_discharge, limits.max_charge);
  const bool charges = power > Watts(0);
  const Amperes current = charges ? power * options.efficiency / voltage : -power / options.efficiency / voltage;
  const Amperes least = charges ? options.model->charge_min : options.model->discharge_min;
  if (!(current > Amperes(0))) return setpoint;
  setpoint.direction = charges ? Direction::kCharge : Direction::kDischarge;
  setpoint.power = power;
  setpoint.current = std::max(current, least);
  if (current >= least * kAlmostLeast) {
    setpoint.kind = Setpoint::Kind::kCurrent;
  } else if (charges && options.voltage_loop && current >= kLeastByVoltage) {
    setpoint.kind = Setpoint::Kind::kVoltage;
    setpoint.current = current;
  } else {
    setpoint.power = Watts(0);
    setpoint.current = Amperes(0);
  }
  return setpoint;
}

Watts AcPower(Volts voltage, Amperes current, double efficiency) noexcept {
  return voltage * current * (current > Amperes(0) ? 1 / efficiency : efficiency);
}

}  // namespace abcds::meanwell
