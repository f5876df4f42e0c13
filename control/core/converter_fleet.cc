#include "control/core/converter_fleet.h"

#include <algorithm>

#include "control/core/battery_limiter.h"
#include "hal/units/at_rest.h"

namespace abcds {

ConverterFleet::ConverterFleet(const CoreSettings& settings) noexcept : settings_(settings) {
  for (int i = 0; i < settings_.converter_count; ++i) units_[i] = ConverterUnit(settings_.converters[i]);
}

void ConverterFleet::Observe(const Inputs& inputs) noexcept {
  const MonotonicTime now = inputs.now;
  for (int i = 0; i < settings_.converter_count; ++i) units_[i].Observe(inputs.converters[i], now, inputs.dt);
  HearWitness(inputs);
  power_ = {};
  PowerInterval at_battery;
  silenced_ = false;
  for (int i = 0; i < settings_.converter_count; ++i) {
    power_ = power_ + units_[i].own_power(now);
    at_battery = at_battery + units_[i].AtBattery();
    silenced_ |= units_[i].lately_lost(now);
  }
  other_.Update(inputs.battery, at_battery, now);
}

void ConverterFleet::HearWitness(const Inputs& inputs) noexcept {
  PowerInterval known;
  RestWitness::Silent silent;
  for (int i = 0; i < settings_.converter_count; ++i) {
    const ConverterUnit& unit = units_[i];
    if (unit.answers()) {
      PowerInterval power = unit.AtBattery();
      // What is only assumed to flow explains no current, until it is learned.
      const bool assumed = inputs.converters[i].power_assumed && learned(i) <= Watts(0);
      if (assumed && power.high >= kAtRest) power = Hull(power, {Watts(0), settings_.converters[i].max_charge});
      known = known + power;
      continue;
    }
    silent.who |= 1u << i;
    ++silent.count;
    silent.can_charge |= settings_.converters[i].charges;
    silent.can_discharge |= settings_.converters[i].discharges;
  }
  witness_.Update(inputs.battery, known, silent, inputs.now);
  for (int i = 0; i < settings_.converter_count; ++i) units_[i].HearWitness(witness_, inputs.now);
}

void ConverterFleet::Judge(const Inputs& inputs, bool charge_tapers, bool discharge_tapers) noexcept {
  for (int i = 0; i < settings_.converter_count; ++i) {
    units_[i].JudgeFollowing(charge_tapers, discharge_tapers, inputs.now);
  }
  LearnPowers(inputs, charge_tapers);
}

void ConverterFleet::LearnPowers(const Inputs& inputs, bool charge_tapers) noexcept {
  // What a silent one does would be learned as another's, and a battery that is nearly full lets nobody draw his power.
  bool may_learn = inputs.battery.present && !charge_tapers;
  for (int i = 0; i < settings_.converter_count; ++i) may_learn &= units_[i].answers();
  for (int i = 0; i < settings_.converter_count; ++i) {
    const ConverterInput& input = inputs.converters[i];
    if (!input.power_assumed) continue;
    PowerLearner::View view{.may_learn = may_learn,
                            .known = input.acknowledged.valid,
                            .on = input.acknowledged.value > Watts(0),
                            .others = {},
                            .others_assumed = Watts(0),
                            .efficiency = settings_.converters[i].efficiency,
                            .most = settings_.converters[i].max_charge};
    for (int other = 0; other < settings_.converter_count; ++other) {
      if (other == i) continue;
      const PowerInterval power = units_[other].AtBattery();
      view.others = view.others + power;
      if (inputs.converters[other].power_assumed) view.others_assumed += power.Middle();
    }
    learners_[i].Step(inputs.battery, view, inputs.now);
  }
}

ConverterViews ConverterFleet::Views() const noexcept {
  ConverterViews views;
  for (int i = 0; i < settings_.converter_count; ++i) views[i] = units_[i].View();
  return views;
}

Watts ConverterFleet::PowerAtBattery(MonotonicTime now) const noexcept {
  Watts power;
  for (int i = 0; i < settings_.converter_count; ++i) {
    const Watts ac = units_[i].own_power(now).Middle();
    const double efficiency = settings_.converters[i].efficiency;
    power += ac > Watts(0) ? ac * efficiency : ac / efficiency;
  }
  return power;
}

Sample<Volts> ConverterFleet::TerminalVoltage(const Inputs& inputs) const noexcept {
  // In their order rather than the freshest: two sensors that differ must not take turns.
  for (int i = 0; i < settings_.converter_count; ++i) {
    const Sample<Volts>& voltage = inputs.converters[i].dc_voltage;
    if (units_[i].answers() && BatteryLimiter::IsBattery(voltage, inputs.now)) return voltage;
  }
  return {};
}

void ConverterFleet::LimitAtConverters(BatteryLimits& limits) const noexcept {
  // Whichever converters share the power: the most that a charger passes on, the least that a discharger makes of it.
  double charging = 0.0;
  double discharging = 1.0;
  limits.other = other_.power();
  limits.charge = std::max(Watts(0), limits.charge - std::max(limits.other, Watts(0)));
  limits.discharge = std::max(Watts(0), limits.discharge - std::max(-limits.other, Watts(0)));
  for (int i = 0; i < settings_.converter_count; ++i) {
    const ConverterSettings& device = settings_.converters[i];
    if (device.charges) charging = std::max(charging, device.efficiency);
    if (device.discharges) discharging = std::min(discharging, device.efficiency);
    if (units_[i].answers()) continue;
    // What a lost one may be using is not there for the others.
    const PowerInterval lost = units_[i].AtBattery();
    limits.charge = std::max(Watts(0), limits.charge - std::max(lost.high, Watts(0)));
    limits.discharge = std::max(Watts(0), limits.discharge - std::max(-lost.low, Watts(0)));
  }
  if (charging > 0.0) limits.charge = limits.charge / charging;
  limits.discharge = limits.discharge * discharging;
}

Watts ConverterFleet::Setpoint() const noexcept {
  Watts sum;
  for (int i = 0; i < settings_.converter_count; ++i) sum += units_[i].writer().setpoint();
  return sum;
}

MonotonicTime ConverterFleet::SettledBy() const noexcept {
  MonotonicTime latest = MonotonicTime::min();
  for (int i = 0; i < settings_.converter_count; ++i) latest = std::max(latest, units_[i].tube().SettledBy());
  return latest;
}

Nanoseconds ConverterFleet::TypicalDelay() const noexcept {
  Nanoseconds longest{0};
  for (int i = 0; i < settings_.converter_count; ++i) {
    if (units_[i].answers()) longest = std::max(longest, units_[i].tube().TypicalDelay());
  }
  return longest;
}

}  // namespace abcds
