#include "hal/drivers/meanwell/details.h"

#include "absl/strings/str_format.h"

namespace abcds::meanwell {

DeviceDetails DetailsOf(const Options& options, const Session& session, MonotonicTime now) {
  DeviceDetails details;
  const Identity& identity = session.identity();
  details.identity = {{"family", FamilyName(options.family)},
                      {"bus", options.label},
                      {"address", absl::StrFormat("%02X", options.unit)}};
  if (!identity.model_text().empty()) details.identity["model"] = identity.model_text();
  if (!identity.serial_number().empty()) details.identity["serial_number"] = identity.serial_number();
  if (!identity.revision().empty()) details.identity["revision"] = identity.revision();

  const auto sample = [&details](const char* name, const auto& value) {
    if (value.valid) details.readings[name] = value.value.value();
  };
  const ConverterState& state = session.state();
  sample("ac_power_w", state.power);
  sample("dc_voltage_v", state.dc_voltage);
  sample("setpoint_w", state.acknowledged);
  for (const Session::Reading& reading : session.readings()) {
    if (reading.valid) details.readings[InfoOf(reading.command).key] = reading.value;
  }
  const auto setpoint = [&](const char* name, Command command) {
    if (const auto held = session.registers()[command].held) details.readings[name] = *held / 100.0;
  };
  setpoint("voltage_setpoint_v", Command::kVoutSet);
  setpoint("current_setpoint_a", Command::kIoutSet);
  setpoint("discharge_voltage_setpoint_v", Command::kReverseVoutSet);
  setpoint("discharge_current_setpoint_a", Command::kReverseIoutSet);
  if (const auto held = session.registers()[Command::kOperation].held) details.readings["operation_on"] = *held;
  const Memory& memory = session.memory();
  if (!identity.model_text().empty()) details.readings["setpoints_stored"] = memory.eeprom_off() ? 0 : 1;
  if (const double years = memory.LifetimeYears(now); years >= 0) details.readings["memory_lifetime_years"] = years;

  const Counters own = session.counters();
  details.counters = {{"requests", own.requests},
                      {"unanswered", own.unanswered},
                      {"unmatched_frames", own.unmatched},
                      {"implausible_readings", own.implausible},
                      {"writes", own.writes},
                      {"altered_setpoints", own.altered_setpoints},
                      {"foreign_writes", own.foreign_writes},
                      {"contacts_lost", own.contacts_lost},
                      {"memory_writes", memory.Writes()}};
  details.trouble = session.Trouble();
  return details;
}

}  // namespace abcds::meanwell
