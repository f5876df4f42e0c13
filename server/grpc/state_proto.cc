#include "server/grpc/state_proto.h"

#include <algorithm>
#include <string>

#include "control/core/names.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "server/plant/arbiter.h"
#include "server/plant/explain.h"

namespace abcds {
namespace {

void FillTimestamp(WallTime time, google::protobuf::Timestamp* proto) {
  const auto since_epoch = std::chrono::duration_cast<Nanoseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  proto->set_seconds(seconds.count());
  proto->set_nanos(static_cast<int32_t>((since_epoch - seconds).count()));
}

void FillDuration(Nanoseconds length, google::protobuf::Duration* proto) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(length);
  proto->set_seconds(seconds.count());
  proto->set_nanos(static_cast<int32_t>((length - seconds).count()));
}

// What is not known is left out, never sent as 0.
template <class Q>
bool Known(const Sample<Q>& sample) {
  return sample.valid && IsFinite(sample.value);
}

double Age(MonotonicTime taken_at, MonotonicTime now) { return std::max(0.0, ToSeconds(now - taken_at)); }

// 0 rather than -0 for people.
double Plain(Watts power) { return power.value() + 0.0; }

v1::Lifecycle LifecycleOf(Lifecycle lifecycle) {
  switch (lifecycle) {
    case Lifecycle::kConnecting:
      return v1::LIFECYCLE_CONNECTING;
    case Lifecycle::kInactive:
      return v1::LIFECYCLE_INACTIVE;
    case Lifecycle::kActive:
      return v1::LIFECYCLE_ACTIVE;
    case Lifecycle::kFaulty:
      return v1::LIFECYCLE_FAULTY;
  }
  return v1::LIFECYCLE_UNSPECIFIED;
}

v1::Mode ModeOf(Mode mode) {
  switch (mode) {
    case Mode::kAutomatic:
      return v1::MODE_AUTOMATIC;
    case Mode::kIdle:
      return v1::MODE_IDLE;
    case Mode::kObserve:
      return v1::MODE_OBSERVE;
    case Mode::kChargeOnly:
      return v1::MODE_CHARGE_ONLY;
    case Mode::kDischargeOnly:
      return v1::MODE_DISCHARGE_ONLY;
    case Mode::kForced:
      return v1::MODE_FORCED;
  }
  return v1::MODE_UNSPECIFIED;
}

v1::Fault::Severity SeverityOf(Severity severity) {
  switch (severity) {
    case Severity::kWarning:
      return v1::Fault::SEVERITY_WARNING;
    case Severity::kDerate:
      return v1::Fault::SEVERITY_DERATE;
    case Severity::kStop:
      return v1::Fault::SEVERITY_STOP;
  }
  return v1::Fault::SEVERITY_UNSPECIFIED;
}

void FillDetails(const DeviceDetails& details, v1::DeviceDetails* proto) {
  proto->mutable_identity()->insert(details.identity.begin(), details.identity.end());
  proto->mutable_readings()->insert(details.readings.begin(), details.readings.end());
  proto->mutable_counters()->insert(details.counters.begin(), details.counters.end());
  proto->set_trouble(details.trouble);
}

void FillDecision(const Decision& decision, MonotonicTime now, v1::Decision* proto) {
  proto->set_setpoint_w(Plain(decision.setpoint));
  proto->set_wanted_w(Plain(decision.wanted));
  proto->set_reason(ReasonName(decision.reason));
  if (decision.limited) proto->set_limit_w(Plain(decision.limit));
  if (decision.since != MonotonicTime::min()) {
    FillDuration(std::max(Nanoseconds(0), now - decision.since), proto->mutable_since());
  }
}

template <class Repeated>
void FillFaults(const SiteFacts& facts, const PlantState& state, Repeated* faults) {
  for (const FaultStatus& fault : state.snapshot.outputs.faults) {
    if (fault.id >= FaultId::kCount || (!fault.active && !fault.latched)) continue;
    v1::Fault* proto = faults->Add();
    proto->set_id(FaultName(fault.id));
    proto->set_device(FaultDevice(facts, fault));
    proto->set_severity(SeverityOf(fault.severity));
    proto->set_active(fault.active);
    proto->set_latched(fault.latched);
    if (fault.since != MonotonicTime::min()) FillTimestamp(state.WallOf(fault.since), proto->mutable_since());
    proto->set_occurrences(fault.occurrences);
    proto->set_text(FaultText(fault.id));
  }
}

void FillMeter(const SiteFacts& facts, const PlantState& state, v1::PlantState::Meter* proto) {
  const MeterState& meter = state.snapshot.meter;
  proto->set_name(facts.meter.name);
  proto->set_lifecycle(LifecycleOf(meter.lifecycle));
  if (Known(meter.power)) {
    proto->set_power_w(Plain(meter.power.value));
    proto->set_age_s(Age(meter.power.taken_at, state.snapshot.time));
  }
  proto->set_samples(meter.sequence);
  FillDetails(state.details->meter, proto->mutable_details());
}

void FillBattery(const SiteFacts& facts, const PlantState& state, v1::PlantState::Battery* proto) {
  const BatteryState& battery = state.snapshot.battery;
  const Outputs& out = state.snapshot.outputs;
  if (facts.battery) {
    proto->set_name(facts.battery->name);
    proto->set_lifecycle(LifecycleOf(battery.lifecycle));
  }
  if (Known(out.battery_voltage)) proto->set_voltage_v(out.battery_voltage.value.value());
  if (Known(battery.current)) proto->set_current_a(battery.current.value.value());
  if (Known(battery.soc)) proto->set_soc_ratio(battery.soc.value.value());
  if (Known(battery.cell_lowest)) proto->set_cell_lowest_v(battery.cell_lowest.value.value());
  if (Known(battery.cell_highest)) proto->set_cell_highest_v(battery.cell_highest.value.value());
  if (Known(battery.temperature_lowest)) proto->set_temperature_lowest_c(battery.temperature_lowest.value.value());
  if (Known(battery.temperature_highest)) proto->set_temperature_highest_c(battery.temperature_highest.value.value());
  proto->set_full(out.battery_limits.full);
  proto->set_empty(out.battery_limits.empty);
  proto->set_charge_limit_w(Plain(out.battery_limits.charge));
  proto->set_discharge_limit_w(Plain(out.battery_limits.discharge));
  proto->set_charged_wh(out.charged.value() / 3600);
  proto->set_discharged_wh(out.discharged.value() / 3600);
  FillDetails(state.details->battery, proto->mutable_details());
}

void FillConverter(const SiteFacts& facts, const PlantState& state, size_t index, v1::ConverterStatus* proto) {
  const ConverterState& converter = state.snapshot.converter_states[index];
  const ConverterOutput& output = state.snapshot.outputs.converters[index];
  proto->set_name(facts.converters[index].name);
  proto->set_device(facts.converters[index].device_type);
  proto->set_lifecycle(LifecycleOf(converter.lifecycle));
  proto->set_setpoint_w(Plain(output.power));
  if (Known(converter.acknowledged)) proto->set_acknowledged_w(Plain(converter.acknowledged.value));
  if (Known(converter.power)) {
    proto->set_power_w(Plain(converter.power.value));
    proto->set_power_age_s(Age(converter.power.taken_at, state.snapshot.time));
  }
  if (Known(converter.dc_voltage)) proto->set_dc_voltage_v(converter.dc_voltage.value.value());
  proto->set_max_charge_w(Plain(converter.max_charge));
  proto->set_max_discharge_w(Plain(converter.max_discharge));
  FillDecision(output.decision, state.snapshot.time, proto->mutable_decision());
  FillDetails(state.details->converters[index], proto->mutable_details());
}

void FillIntent(const PlantState& state, v1::PlantState& proto) {
  const Snapshot& snapshot = state.snapshot;
  const Intent& intent = snapshot.intent;
  proto.set_mode(ModeOf(snapshot.outputs.mode));
  const auto runs = [&](MonotonicTime ends) { return ends != MonotonicTime::max() && ends > snapshot.time; };
  if (snapshot.outputs.mode == intent.mode && intent.mode != Mode::kAutomatic && runs(intent.mode_ends)) {
    FillTimestamp(state.WallOf(intent.mode_ends), proto.mutable_lease_ends());
  }
  proto.set_charger_enabled(intent.charger_enabled);
  proto.set_discharger_enabled(intent.discharger_enabled);
  if (!intent.charger_enabled && state.charging_disabled_since) {
    FillTimestamp(*state.charging_disabled_since, proto.mutable_charging_disabled_since());
  }
  if (!intent.discharger_enabled && state.discharging_disabled_since) {
    FillTimestamp(*state.discharging_disabled_since, proto.mutable_discharging_disabled_since());
  }
  proto.set_target_w(Plain(snapshot.outputs.target));
  if (runs(intent.target_ends)) FillTimestamp(state.WallOf(intent.target_ends), proto.mutable_target_lease_ends());
  if (snapshot.outputs.mode == Mode::kForced) {
    proto.set_forced_power_w(Plain(intent.forced_power));
    if (intent.forced_until_soc > Ratio(0)) proto.set_forced_until_soc_ratio(intent.forced_until_soc.value());
  }
}

void FillCycle(const CycleStatistics& cycle, v1::CycleStatistics* proto) {
  proto->set_sequence(cycle.sequence);
  proto->set_missed(cycle.missed);
  proto->set_period_s(ToSeconds(cycle.period));
  proto->set_compute_time_max_s(ToSeconds(cycle.compute_max));
  proto->set_lateness_max_s(ToSeconds(cycle.lateness_max));
  proto->set_page_faults(cycle.minor_faults + cycle.major_faults);
  proto->set_real_time(cycle.real_time);
}

}  // namespace

void FillState(const SiteFacts& facts, const PlantState& state, v1::PlantState& proto) {
  const Snapshot& snapshot = state.snapshot;
  proto.set_site(facts.site);
  proto.set_version(facts.version);
  FillTimestamp(state.wall_time, proto.mutable_time());
  FillIntent(state, proto);
  FillMeter(facts, state, proto.mutable_meter());
  if (Known(snapshot.outputs.load)) {
    proto.mutable_estimate()->set_load_w(Plain(snapshot.outputs.load.value));
    proto.mutable_estimate()->set_slope_w_per_s(snapshot.outputs.load_slope.value());
  }
  FillBattery(facts, state, proto.mutable_battery());
  for (size_t i = 0; i < facts.converters.size(); ++i) FillConverter(facts, state, i, proto.add_converters());
  FillDecision(snapshot.outputs.plant, snapshot.time, proto.mutable_decision());
  FillFaults(facts, state, proto.mutable_faults());
  FillCycle(snapshot.cycle, proto.mutable_cycle());
}

void FillExplanation(const SiteFacts& facts, const PlantState& state, v1::ExplainResponse& proto) {
  const Snapshot& snapshot = state.snapshot;
  proto.set_summary(ExplainPlant(facts, snapshot));
  FillDecision(snapshot.outputs.plant, snapshot.time, proto.mutable_decision());
  for (size_t i = 0; i < facts.converters.size(); ++i) {
    v1::ConverterExplanation* converter = proto.add_converters();
    converter->set_name(facts.converters[i].name);
    converter->set_text(ExplainConverter(facts, snapshot, static_cast<int>(i)));
    FillDecision(snapshot.outputs.converters[i].decision, snapshot.time, converter->mutable_decision());
  }
  FillFaults(facts, state, proto.mutable_faults());
}

}  // namespace abcds
