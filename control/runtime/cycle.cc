#include "control/runtime/cycle.h"

namespace abcds {
namespace {

MeterInput ToInput(const MeterState& state) noexcept {
  return {.power = state.power, .sequence = state.sequence, .trusted = state.lifecycle == Lifecycle::kActive};
}

BatteryInput ToInput(const BatteryState& state) noexcept {
  return {.voltage = state.voltage,
          .current = state.current,
          .soc = state.soc,
          .cell_lowest = state.cell_lowest,
          .cell_highest = state.cell_highest,
          .temperature_lowest = state.temperature_lowest,
          .temperature_highest = state.temperature_highest,
          .charge_current_limit = state.charge_current_limit,
          .discharge_current_limit = state.discharge_current_limit,
          .charge_allowed = state.charge_allowed,
          .discharge_allowed = state.discharge_allowed,
          .present = true};
}

ConverterInput ToInput(const ConverterState& state) noexcept {
  return {.power = state.power,
          .dc_voltage = state.dc_voltage,
          .acknowledged = state.acknowledged,
          .max_charge = state.max_charge,
          .max_discharge = state.max_discharge,
          .min_charge = state.min_charge,
          .min_discharge = state.min_discharge,
          .write_limited = state.write_limited,
          .memory_writes = state.memory_writes,
          .power_assumed = state.power_assumed,
          .turn_limited = state.turn_limited,
          .ready = state.lifecycle == Lifecycle::kActive,
          .faulty = state.lifecycle == Lifecycle::kFaulty};
}

Intent InitialIntent(const CoreSettings& settings) noexcept {
  Intent intent;
  intent.target = settings.regulation.target;
  intent.charger_enabled = settings.regulation.charge_enabled;
  intent.discharger_enabled = settings.regulation.discharge_enabled;
  return intent;
}

}  // namespace

Cycle::Cycle(const CoreSettings& settings, const CycleDevices& devices, const CycleStatistics& initial)
    : settings_(settings),
      devices_(devices),
      core_(settings),
      statistics_(initial),
      snapshots_(Snapshot{}),
      intents_(InitialIntent(settings)) {
  snapshot_.converter_count = settings.converter_count;
}

void Cycle::ReadDevices() noexcept {
  snapshot_.meter = devices_.meter->Latest();
  inputs_.meter = ToInput(snapshot_.meter);
  if (devices_.battery != nullptr) {
    snapshot_.battery = devices_.battery->Latest();
    inputs_.battery = ToInput(snapshot_.battery);
  }
  for (int i = 0; i < settings_.converter_count; ++i) {
    snapshot_.converter_states[i] = devices_.converters[i]->Latest();
    inputs_.converters[i] = ToInput(snapshot_.converter_states[i]);
  }
}

void Cycle::RunOnce(MonotonicTime now, Nanoseconds dt, bool samples_void) noexcept {
  inputs_.now = now;
  inputs_.dt = dt;
  inputs_.samples_void = samples_void;
  inputs_.intent = intents_.Latest();
  ReadDevices();

  before_ = snapshot_.outputs;
  core_.Step(inputs_, snapshot_.outputs);
  for (int i = 0; i < settings_.converter_count; ++i) {
    const ConverterOutput& output = snapshot_.outputs.converters[i];
    devices_.converters[i]->Command({.power = output.power,
                                     .expires_at = now + kCommandLife,
                                     .next_change_at = snapshot_.outputs.next_meter_at,
                                     .may_idle_charging = output.may_idle_charging,
                                     .may_idle_discharging = output.may_idle_discharging,
                                     .learned = output.learned});
  }
  ReportChanges(now);

  ++statistics_.sequence;
  statistics_.events_dropped = events_.dropped();
  snapshot_.time = now;
  snapshot_.intent = inputs_.intent;
  snapshot_.cycle = statistics_;
  snapshots_.Publish(snapshot_);
}

void Cycle::CommandZero(MonotonicTime now) noexcept {
  for (int i = 0; i < settings_.converter_count; ++i) {
    devices_.converters[i]->Command({.power = Watts(0), .expires_at = now + kCommandLife,
                                     .next_change_at = MonotonicTime::min()});
  }
}

void Cycle::ReportChanges(MonotonicTime now) noexcept {
  const Outputs& after = snapshot_.outputs;
  if (after.mode != before_.mode) events_.Push({.kind = Event::Kind::kModeChanged, .time = now, .mode = after.mode});
  if (after.battery_limits.full != before_.battery_limits.full) {
    events_.Push({.kind = Event::Kind::kBatteryFull, .time = now, .on = after.battery_limits.full});
  }
  if (after.battery_limits.empty != before_.battery_limits.empty) {
    events_.Push({.kind = Event::Kind::kBatteryEmpty, .time = now, .on = after.battery_limits.empty});
  }
  for (int i = 0; i < kFaultSlots; ++i) {
    const FaultStatus& was = before_.faults[i];
    const FaultStatus& is = after.faults[i];
    auto report = [&](Event::Kind kind) {
      events_.Push({.kind = kind, .time = now, .fault = is.id, .converter = is.converter});
    };
    if (is.occurrences != was.occurrences) report(Event::Kind::kFaultRaised);
    if (is.latched && !was.latched) report(Event::Kind::kFaultLatched);
    const bool gone = !is.active && !is.latched && (was.active || was.latched);
    if (gone) report(Event::Kind::kFaultCleared);
  }
}

}  // namespace abcds
