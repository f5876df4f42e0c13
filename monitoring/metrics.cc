#include "monitoring/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "control/core/names.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "monitoring/families.h"

namespace abcds {
namespace {

// 0 rather than -0.
double Plain(double value) { return value + 0.0; }

template <class Q>
void Measured(Families& families, const char* name, const char* help, const Sample<Q>& sample,
              const Labels& labels = {}) {
  if (sample.valid && IsFinite(sample.value)) families.Gauge(name, help, Plain(sample.value.value()), labels);
}

template <class Q>
void Age(Families& families, const std::string& device, const Sample<Q>& sample, MonotonicTime now) {
  if (sample.taken_at == MonotonicTime::min()) return;
  families.Gauge("abcds_device_age_seconds", "Time since the device last gave its main value.",
                 std::max(0.0, ToSeconds(now - sample.taken_at)), {{"device", device}});
}

// One series per state, 1 for the one it is in: what Prometheus calls a state set.
void DeviceState(Families& families, const std::string& device, Lifecycle lifecycle) {
  constexpr std::array<std::pair<Lifecycle, const char*>, 4> kStates = {{{Lifecycle::kConnecting, "connecting"},
                                                                         {Lifecycle::kInactive, "inactive"},
                                                                         {Lifecycle::kActive, "active"},
                                                                         {Lifecycle::kFaulty, "faulty"}}};
  for (const auto& [state, name] : kStates) {
    families.Gauge("abcds_device_state", "1 for the state in which the device is, 0 for the others.",
                   lifecycle == state ? 1 : 0, {{"device", device}, {"state", name}});
  }
}

void Device(Families& families, const MonitoredDevice& device) {
  families.Gauge("abcds_device_info", "Always 1; names the devices and their types.", 1,
                 {{"device", device.name}, {"type", device.device_type}});
  families.Gauge("abcds_device_trouble", "1 while the device has something to complain about; see the log.",
                 device.troubled ? 1 : 0, {{"device", device.name}});
  for (const auto& [counter, value] : device.counters) {
    families.Counter("abcds_device_events_total",
                     "What the device's driver counts: requests, timeouts, refused values.", static_cast<double>(value),
                     {{"device", device.name}, {"event", counter}});
  }
}

void Reasons(Families& families, const char* name, const char* help, Reason reason, Labels labels) {
  labels.emplace_back("reason", "");
  for (int i = 0; i < static_cast<int>(Reason::kCount); ++i) {
    labels.back().second = ReasonName(static_cast<Reason>(i));
    families.Gauge(name, help, reason == static_cast<Reason>(i) ? 1 : 0, labels);
  }
}

void Plant(Families& families, const Snapshot& s) {
  const Outputs& out = s.outputs;
  Measured(families, "abcds_grid_power_watts", "Power at the grid connection as the meter said last, + import.",
           s.meter.power);
  families.Gauge("abcds_grid_target_watts", "Grid power to hold, + import.", Plain(out.target.value()));
  families.Counter("abcds_meter_samples_total", "New measurements of the meter.",
                   static_cast<double>(s.meter.sequence));
  Measured(families, "abcds_load_watts", "Estimate of what the house draws without our converters.", out.load);
  families.Gauge("abcds_plant_setpoint_watts", "Power wanted of all converters together, + charges.",
                 Plain(out.plant.setpoint.value()));
  families.Gauge("abcds_plant_wanted_watts", "The same before limits.", Plain(out.plant.wanted.value()));
  Reasons(families, "abcds_plant_reason", "1 for the reason of the plant's setpoint, 0 for the others.",
          out.plant.reason, {});
  for (int i = 0; i <= static_cast<int>(Mode::kForced); ++i) {
    families.Gauge("abcds_mode", "1 for the mode in force, 0 for the others.", static_cast<int>(out.mode) == i ? 1 : 0,
                   {{"mode", ModeName(static_cast<Mode>(i))}});
  }
  families.Gauge("abcds_charger_enabled", "1 while the operator allows charging.", s.intent.charger_enabled ? 1 : 0);
  families.Gauge("abcds_discharger_enabled", "1 while the operator allows discharging.",
                 s.intent.discharger_enabled ? 1 : 0);
  families.Counter("abcds_charged_joules_total", "Energy put into the battery since the start, at the AC side.",
                   out.charged.value());
  families.Counter("abcds_discharged_joules_total", "Energy taken from the battery since the start, at the AC side.",
                   out.discharged.value());
}

void Battery(Families& families, const Snapshot& s) {
  const Outputs& out = s.outputs;
  Measured(families, "abcds_battery_voltage_volts", "Voltage of the pack, from BMS or converters.",
           out.battery_voltage);
  Measured(families, "abcds_battery_current_amperes", "Battery current, + charges.", s.battery.current);
  Measured(families, "abcds_battery_soc_ratio", "State of charge, 0 to 1.", s.battery.soc);
  const char* cell_help = "Voltage of the lowest and the highest cell.";
  Measured(families, "abcds_battery_cell_voltage_volts", cell_help, s.battery.cell_lowest, {{"cell", "lowest"}});
  Measured(families, "abcds_battery_cell_voltage_volts", cell_help, s.battery.cell_highest, {{"cell", "highest"}});
  const char* temperature_help = "Lowest and highest temperature in the battery.";
  Measured(families, "abcds_battery_temperature_celsius", temperature_help, s.battery.temperature_lowest,
           {{"sensor", "lowest"}});
  Measured(families, "abcds_battery_temperature_celsius", temperature_help, s.battery.temperature_highest,
           {{"sensor", "highest"}});
  families.Gauge("abcds_battery_charge_limit_watts", "What the battery takes now, a magnitude.",
                 Plain(out.battery_limits.charge.value()));
  families.Gauge("abcds_battery_discharge_limit_watts", "What the battery gives now, a magnitude.",
                 Plain(out.battery_limits.discharge.value()));
  families.Gauge("abcds_battery_full", "1 while the battery counts as full.", out.battery_limits.full ? 1 : 0);
  families.Gauge("abcds_battery_empty", "1 while the battery counts as empty.", out.battery_limits.empty ? 1 : 0);
}

void Converter(Families& families, const Snapshot& s, size_t index, const std::string& name) {
  const Labels labels = {{"device", name}};
  const ConverterState& state = s.converter_states[index];
  const ConverterOutput& output = s.outputs.converters[index];
  families.Gauge("abcds_converter_setpoint_watts", "What control wants of the converter, + charges.",
                 Plain(output.power.value()), labels);
  Measured(families, "abcds_converter_acknowledged_watts", "The newest setpoint that the converter has acknowledged.",
           state.acknowledged, labels);
  Measured(families, "abcds_converter_power_watts", "What the converter reports, + charges.", state.power, labels);
  Measured(families, "abcds_converter_dc_voltage_volts", "Battery voltage as the converter reports it.",
           state.dc_voltage, labels);
  families.Gauge("abcds_converter_charge_limit_watts", "What the converter can charge with now.",
                 Plain(state.max_charge.value()), labels);
  families.Gauge("abcds_converter_discharge_limit_watts", "What the converter can discharge with now.",
                 Plain(state.max_discharge.value()), labels);
  Reasons(families, "abcds_converter_reason", "1 for the reason of the converter's setpoint, 0 for the others.",
          output.decision.reason, labels);
}

void Faults(Families& families, const Observation& o) {
  for (const FaultStatus& fault : o.snapshot.outputs.faults) {
    if (fault.id >= FaultId::kCount || fault.converter >= static_cast<int>(o.converters.size())) continue;
    const std::string device = fault.converter < 0 ? "" : o.converters[static_cast<size_t>(fault.converter)].name;
    const Labels labels = {{"fault", FaultName(fault.id)}, {"device", device}};
    families.Gauge("abcds_fault_active", "1 while the fault's condition holds; device is empty for the plant.",
                   fault.active ? 1 : 0, labels);
    families.Gauge("abcds_fault_latched", "1 while the fault is latched until somebody clears it.",
                   fault.latched ? 1 : 0, labels);
    families.Counter("abcds_fault_occurrences_total", "How often the fault was raised.", fault.occurrences, labels);
  }
}

void ControlCycle(Families& families, const CycleStatistics& cycle) {
  families.Counter("abcds_cycles_total", "Control cycles run.", static_cast<double>(cycle.sequence));
  families.Counter("abcds_cycles_missed_total", "Control cycles skipped after an overrun.",
                   static_cast<double>(cycle.missed));
  families.Gauge("abcds_cycle_period_seconds", "Period of the control cycle.", ToSeconds(cycle.period));
  families.Histogram("abcds_cycle_compute_seconds", "CPU time of a control cycle.", cycle.compute);
  families.Histogram("abcds_cycle_lateness_seconds", "How late a control cycle woke up.", cycle.lateness);
  families.Gauge("abcds_cycle_compute_max_seconds", "Longest CPU time of a cycle in the last complete 10 s.",
                 ToSeconds(cycle.compute_max));
  families.Gauge("abcds_cycle_lateness_max_seconds", "Greatest lateness in the last complete 10 s.",
                 ToSeconds(cycle.lateness_max));
  const char* faults_help = "Page faults of the control thread; they should stand still.";
  families.Counter("abcds_cycle_page_faults_total", faults_help, static_cast<double>(cycle.minor_faults),
                   {{"kind", "minor"}});
  families.Counter("abcds_cycle_page_faults_total", faults_help, static_cast<double>(cycle.major_faults),
                   {{"kind", "major"}});
  families.Counter("abcds_cycle_involuntary_switches_total", "How often the control thread was preempted.",
                   static_cast<double>(cycle.involuntary_switches));
  families.Counter("abcds_cycle_events_dropped_total", "Events that came too fast for the log.",
                   static_cast<double>(cycle.events_dropped));
  families.Gauge("abcds_cycle_real_time", "1 when real-time priority and locked memory were granted.",
                 cycle.real_time ? 1 : 0);
}

}  // namespace

std::vector<prometheus::MetricFamily> CollectMetrics(const BuildFacts& build, const Observation& observation) {
  Families families;
  families.Gauge("abcds_build_info", "Always 1; tells version and site.", 1,
                 {{"version", build.version}, {"site", build.site}});
  families.Gauge("abcds_started", "1 once the first control cycle has run.", observation.started ? 1 : 0);
  if (!observation.started) return families.Take();

  const Snapshot& s = observation.snapshot;
  Plant(families, s);
  Battery(families, s);
  Device(families, observation.meter);
  DeviceState(families, observation.meter.name, s.meter.lifecycle);
  Age(families, observation.meter.name, s.meter.power, s.time);
  if (observation.has_battery_monitor) {
    Device(families, observation.battery);
    DeviceState(families, observation.battery.name, s.battery.lifecycle);
    Age(families, observation.battery.name, s.battery.voltage, s.time);
  }
  for (size_t i = 0; i < observation.converters.size(); ++i) {
    const MonitoredDevice& device = observation.converters[i];
    const ConverterState& state = s.converter_states[i];
    Device(families, device);
    DeviceState(families, device.name, state.lifecycle);
    Age(families, device.name, state.power.taken_at != MonotonicTime::min() ? state.power : state.acknowledged, s.time);
    Converter(families, s, i, device.name);
    if (!device.thread_age) continue;
    families.Gauge("abcds_converter_thread_age_seconds",
                   "Time since the thread that speaks to the converter last went on; the daemon ends when it hangs.",
                   ToSeconds(*device.thread_age), {{"device", device.name}});
  }
  Faults(families, observation);
  ControlCycle(families, s.cycle);
  return families.Take();
}

}  // namespace abcds
