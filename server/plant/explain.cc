#include "server/plant/explain.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "control/core/names.h"
#include "server/plant/arbiter.h"

namespace abcds {
namespace {

// Beyond it, or the BMS's grace, control takes a temperature for unknown.
constexpr Nanoseconds kTemperatureMaxAge = std::chrono::seconds(5);

// What an explanation is about: the plant (index -1) or one converter.
struct Subject {
  const SiteFacts& facts;
  const Snapshot& snapshot;
  const Decision& decision;
  int index;

  [[nodiscard]] const Outputs& outputs() const { return snapshot.outputs; }
  [[nodiscard]] const ConverterSettings* converter() const {
    return index < 0 ? nullptr : &facts.settings.converters[static_cast<size_t>(index)];
  }
  // The direction in question: what was wanted of it, what it does where nothing was, or what the plant wants.
  [[nodiscard]] bool charges() const {
    if (decision.wanted != Watts(0)) return decision.wanted > Watts(0);
    if (decision.setpoint != Watts(0)) return decision.setpoint > Watts(0);
    return outputs().plant.wanted > Watts(0);
  }
};

std::string Power(Watts power) { return absl::StrFormat("%.0f W", std::round(power.value()) + 0.0); }

std::string Length(Nanoseconds length) {
  const double seconds = ToSeconds(length);
  if (seconds < 10) return absl::StrFormat("%.1f s", seconds);
  if (seconds < 120) return absl::StrFormat("%.0f s", seconds);
  if (seconds < 2 * 3600) return absl::StrFormat("%.0f min", seconds / 60);
  return absl::StrFormat("%.0f h", seconds / 3600);
}

// "Charging 390 W", "Discharging 390 W", "0 W".
std::string Flow(Watts power) {
  if (power >= Watts(0.5)) return "Charging " + Power(power);
  if (power <= Watts(-0.5)) return "Discharging " + Power(-power);
  return "0 W";
}

// "charge 390 W", "discharge 390 W", "0 W".
std::string Wish(Watts power) {
  if (power >= Watts(0.5)) return "charge " + Power(power);
  if (power <= Watts(-0.5)) return "discharge " + Power(-power);
  return "0 W";
}

// "its last value is 4.2 s old".
std::string LastMeterValue(const Subject& s) {
  const Sample<Watts>& power = s.snapshot.meter.power;
  if (power.taken_at == MonotonicTime::min()) return "it has never given a value";
  return "its last value is " + Length(std::max(Nanoseconds(0), s.snapshot.time - power.taken_at)) + " old";
}

std::string BmsSilence(const Subject& s) {
  const Sample<Volts>& voltage = s.snapshot.battery.voltage;
  if (voltage.taken_at == MonotonicTime::min()) return "the BMS has never answered; check its cable and configuration";
  return "the BMS has not answered for " + Length(std::max(Nanoseconds(0), s.snapshot.time - voltage.taken_at)) +
         "; check its cable";
}

std::string Load(const Subject& s) {
  const Outputs& out = s.outputs();
  std::string text =
      out.load.valid ? "follows the load estimate of " + Power(out.load.value) : "follows the load estimate";
  if (Magnitude(out.target) >= Watts(0.5)) absl::StrAppend(&text, ", to hold the grid at ", Power(out.target));
  return text;
}

// " (24.3 V at 8 cells, …)", as far as it is known.
std::string PackVoltage(const Subject& s) {
  const Sample<Volts>& voltage = s.outputs().battery_voltage;
  const int cells = s.facts.settings.battery.cells;
  if (!voltage.valid) return "voltage unknown";
  return absl::StrFormat("%.1f V at %d cells", voltage.value.value(), cells);
}

std::string StateOfCharge(const Subject& s) {
  const Sample<Ratio>& soc = s.snapshot.battery.soc;
  return soc.valid ? absl::StrFormat(", state of charge %.0f %%", soc.value.value() * 100) : "";
}

std::string Full(const Subject& s) {
  const BatterySettings& b = s.facts.settings.battery;
  return absl::StrFormat("battery full (%s%s, limit %.2f V per cell; charges again at %.2f V)", PackVoltage(s),
                         StateOfCharge(s), b.cell_max.value(), b.cell_max_restart.value());
}

std::string Empty(const Subject& s) {
  const BatterySettings& b = s.facts.settings.battery;
  std::string text = absl::StrFormat("battery empty (%s%s, limit %.2f V per cell", PackVoltage(s), StateOfCharge(s),
                                     b.cell_min.value());
  if (b.soc_min > Ratio(0)) absl::StrAppend(&text, absl::StrFormat(" or %.0f %%", b.soc_min.value() * 100));
  absl::StrAppend(&text, absl::StrFormat("; restarts at %.2f V", b.cell_min_restart.value()));
  if (b.soc_min > Ratio(0)) absl::StrAppend(&text, absl::StrFormat(" and %.0f %%", b.soc_restart.value() * 100));
  return text + ")";
}

std::string CellLimit(const Subject& s) {
  const BatterySettings& b = s.facts.settings.battery;
  const BatteryState& battery = s.snapshot.battery;
  const bool charge = s.charges();
  const Sample<Volts>& cell = charge ? battery.cell_highest : battery.cell_lowest;
  const std::string what =
      cell.valid ? absl::StrFormat("the %s cell at %.3f V", charge ? "highest" : "lowest", cell.value.value())
                 : PackVoltage(s);
  return absl::StrFormat("%s is close to or beyond the limit of %.2f V per cell", what,
                         (charge ? b.cell_max : b.cell_min).value());
}

std::string TemperatureLimit(const Subject& s) {
  const BatterySettings& b = s.facts.settings.battery;
  const BatteryState& battery = s.snapshot.battery;
  const bool charge = s.charges();
  const Nanoseconds max_age = std::max(kTemperatureMaxAge, b.silence_grace);
  if (!battery.temperature_lowest.UsableAt(s.snapshot.time, max_age) ||
      !battery.temperature_highest.UsableAt(s.snapshot.time, max_age)) {
    return "the BMS reports no temperature, and frozen cells must not be charged: check its sensor, or see "
           "charge_without_temperature in the configuration";
  }
  std::string text = absl::StrFormat("battery temperature close to or beyond its limits for %s (%.0f to %.0f °C",
                                     charge ? "charging" : "discharging",
                                     (charge ? b.charge_temperature_min : b.discharge_temperature_min).value(),
                                     (charge ? b.charge_temperature_max : b.discharge_temperature_max).value());
  return text + absl::StrFormat("; now %.1f to %.1f °C)", battery.temperature_lowest.value.value(),
                                battery.temperature_highest.value.value());
}

std::string CurrentLimit(const Subject& s) {
  const BatterySettings& b = s.facts.settings.battery;
  const bool charge = s.charges();
  const Sample<Amperes>& own =
      charge ? s.snapshot.battery.charge_current_limit : s.snapshot.battery.discharge_current_limit;
  const Amperes configured = charge ? b.max_charge_current : b.max_discharge_current;
  const bool bms = own.valid && own.value < configured;
  const BatteryLimits& limits = s.outputs().battery_limits;
  const Watts others = charge ? limits.other : -limits.other;
  return absl::StrFormat("the %s current limit of %.1f A allows %s%s", bms ? "BMS's" : "configured battery",
                         (bms ? own.value : configured).value(), Power(charge ? limits.charge : limits.discharge),
                         others < Watts(0.5) ? ""
                                             : absl::StrFormat(" beside the %s of others on the battery", Power(others)));
}

std::string NotReady(const Subject& s) {
  if (s.converter() == nullptr) return "no converter is ready";
  switch (s.snapshot.converter_states[static_cast<size_t>(s.index)].lifecycle) {
    case Lifecycle::kConnecting:
      return "the device does not answer yet, or no longer; check its cable and supply";
    case Lifecycle::kInactive:
      return "the device answers but has not confirmed 0 W yet";
    case Lifecycle::kActive:
      return "the device has just come back";
    case Lifecycle::kFaulty:
      return "the device reports a fault or refuses commands";
  }
  return "the device is not ready";
}

std::string Minimum(const Subject& s) {
  const Watts wanted = Magnitude(s.decision.wanted);
  const std::string what = wanted < Watts(0.5) ? "what is wanted" : "the wanted " + Power(wanted);
  if (s.converter() == nullptr) return what + " is less than any converter can do";
  return absl::StrFormat("%s is less than its minimum of %s", what, Power(s.decision.limit));
}

std::string Deadband(const Subject& s) {
  const std::string wanted = Power(Magnitude(s.decision.wanted));
  if (s.converter() == nullptr) return "the wanted " + wanted + " is too close to it to be worth a change";
  return absl::StrFormat("the wanted %s is within its deadband of %s", wanted, Power(s.converter()->deadband));
}

std::string Latched(const Subject& s) {
  std::string names;
  for (const FaultStatus& fault : s.outputs().faults) {
    if (!fault.latched || fault.id >= FaultId::kCount ||
        (s.index >= 0 && fault.converter >= 0 && fault.converter != s.index)) {
      continue;
    }
    absl::StrAppend(&names, names.empty() ? "" : ", ", FaultName(fault.id));
  }
  return absl::StrCat("fault latched", names.empty() ? "" : ": ", names, "; clear it once its cause has gone");
}

std::string Forced(const Subject& s) {
  const Intent& intent = s.snapshot.intent;
  std::string text = "forced to " + Wish(intent.forced_power);
  if (intent.forced_until_soc > Ratio(0)) {
    absl::StrAppend(&text, absl::StrFormat(" until %.0f %% state of charge", intent.forced_until_soc.value() * 100));
  }
  if (intent.mode_ends != MonotonicTime::max() && intent.mode_ends > s.snapshot.time) {
    absl::StrAppend(&text, ", for another ", Length(intent.mode_ends - s.snapshot.time), " at most");
  }
  return text;
}

// " (12 writes are saved up)".
std::string SavedUp(const Subject& s) {
  if (s.index < 0) return "";
  const std::optional<WriteSavings>& savings = s.outputs().converters[static_cast<size_t>(s.index)].savings;
  if (!savings) return "";
  return absl::StrFormat(" (%.0f writes are saved up)", std::floor(std::max(savings->left, 0.0)));
}

// Without a default, so that the compiler asks for a sentence when a reason is added.
std::string Why(const Subject& s) {
  const Decision& d = s.decision;
  const bool charge = s.charges();
  switch (d.reason) {
    case Reason::kStarting:
      return "the controller has just started and has not decided yet";
    case Reason::kRegulating:
      return Load(s);
    case Reason::kDeadband:
      return Deadband(s);
    case Reason::kMinimumInterval:
      return s.converter() == nullptr ? "the last change is too recent; wants to " + Wish(d.wanted)
                                      : absl::StrFormat("its last setpoint is less than %s old; wants to %s",
                                                        Length(s.converter()->minimum_interval), Wish(d.wanted));
    case Reason::kWriteBudget:
      return absl::StrFormat("each change wears its memory out, and this one is not worth it yet%s; wants to %s",
                             SavedUp(s), Wish(d.wanted));
    case Reason::kSlewRate:
      return s.converter() == nullptr
                 ? "on the way to " + Power(Magnitude(d.wanted)) + " as fast as the converters may change"
                 : absl::StrFormat("on the way to %s at %.0f W/s, its greatest speed of change",
                                   Power(Magnitude(d.wanted)), s.converter()->slew.value());
    case Reason::kBelowMinimum:
      return Minimum(s);
    case Reason::kReversalHold:
      return absl::StrFormat("waits %s between charging and discharging; then wants to %s",
                             Length(s.facts.settings.regulation.reversal_hold), Wish(d.wanted));
    case Reason::kOtherDirection:
      return absl::StrFormat("waits because another converter %s or does not answer and may do so; then wants to %s",
                             charge ? "discharges" : "charges", Wish(d.wanted));
    case Reason::kSwitchTime:
      return "is switched on or off for at least its minimum time; wants to " + Wish(d.wanted);
    case Reason::kNothingToDo:
      return s.converter() == nullptr ? "nothing to do: house and sun are in balance"
                                      : "not needed for what the plant does now";
    case Reason::kConverterLimit:
      return absl::StrFormat("%s limit of %s; wants to %s", s.converter() == nullptr ? "the converters'" : "its",
                             Power(d.limit), Wish(d.wanted));
    case Reason::kConverterNotReady:
      return NotReady(s);
    case Reason::kNotFollowing:
      return s.converter() == nullptr ? "the converters do not do what they are told"
                                      : "it did not do what it was told; tried again after a pause";
    case Reason::kBatteryFull:
      return Full(s);
    case Reason::kBatteryEmpty:
      return Empty(s);
    case Reason::kBatteryCurrentLimit:
      return CurrentLimit(s);
    case Reason::kCellVoltageLimit:
      return CellLimit(s);
    case Reason::kTemperatureLimit:
      return TemperatureLimit(s);
    case Reason::kBatteryForbids:
      return absl::StrFormat("the BMS does not allow %s", charge ? "charging" : "discharging");
    case Reason::kBatterySilent:
      return BmsSilence(s);
    case Reason::kBatteryVoltageUnknown:
      return "neither a BMS nor a converter reports the battery's voltage";
    case Reason::kWaitingForMeter:
      return "waits for the meter: no live value that can be trusted has come yet";
    case Reason::kMeterFading:
      return "power is being reduced, because the meter falls silent: " + LastMeterValue(s);
    case Reason::kMeterSilent:
      return "the meter is silent: " + LastMeterValue(s);
    case Reason::kMeterFrozen:
      return absl::StrCat("the meter repeats ", Power(s.snapshot.meter.power.value),
                          " although our own power has changed");
    case Reason::kMeterDisagrees:
      return "our own changes do not show on the meter as they should: wrong sign, unit or phase";
    case Reason::kCheckingMeter:
      return "a small step for some seconds, to see whether the meter shows it";
    case Reason::kIdle:
      return "mode idle";
    case Reason::kObserving:
      return (s.facts.observing ? "started with --observe, so that no converter is opened or commanded; would "
                                : "mode observe keeps every converter at 0 W; would ") +
             Wish(d.wanted);
    case Reason::kForced:
      return Forced(s);
    case Reason::kModeForbids:
      return absl::StrFormat("mode %s forbids %s", ModeWord(s.outputs().mode), charge ? "charging" : "discharging");
    case Reason::kDisabled:
      return absl::StrFormat("%s is disabled; `abcdsctl enable %s` allows it", charge ? "charging" : "discharging",
                             charge ? "charger" : "discharger");
    case Reason::kFaultLatched:
      return Latched(s);
    case Reason::kGate:
      return "the last check before the wire refused what had been decided: a bug, please report it";
    case Reason::kCount:
      break;
  }
  return "the reason is unknown";
}

std::string Explain(const Subject& subject) {
  return absl::StrCat(Flow(subject.decision.setpoint), ": ", Why(subject));
}

}  // namespace

std::string ExplainPlant(const SiteFacts& facts, const Snapshot& snapshot) {
  return Explain({facts, snapshot, snapshot.outputs.plant, -1});
}

std::string ExplainConverter(const SiteFacts& facts, const Snapshot& snapshot, int index) {
  const ConverterOutput& output = snapshot.outputs.converters[static_cast<size_t>(index)];
  const ConverterState& device = snapshot.converter_states[static_cast<size_t>(index)];
  std::string text = Explain({facts, snapshot, output.decision, index});
  if (device.power_assumed) {
    absl::StrAppend(&text, "; while on it ", output.learned > Watts(0) ? "draws " : "is assumed to draw ",
                    Power(device.max_charge),
                    output.learned > Watts(0) ? ", as the battery's current shows"
                                              : " until the battery's current shows it");
  }
  return text;
}

std::string ModeWord(Mode mode) {
  std::string word = ModeName(mode);
  std::replace(word.begin(), word.end(), '_', '-');
  return word;
}

std::string DescribeEvent(const SiteFacts& facts, const Event& event) {
  FaultStatus fault;
  fault.id = event.fault;
  fault.converter = event.converter;
  const std::string device = FaultDevice(facts, fault);
  const std::string who = device.empty() ? "" : device + ": ";
  switch (event.kind) {
    case Event::Kind::kFaultRaised:
      return absl::StrCat(who, "fault ", FaultName(event.fault), ": ", FaultText(event.fault));
    case Event::Kind::kFaultLatched:
      return absl::StrCat(who, "fault ", FaultName(event.fault),
                          " is latched until it is cleared: ", FaultText(event.fault));
    case Event::Kind::kFaultCleared:
      return absl::StrCat(who, "fault ", FaultName(event.fault), " is over");
    case Event::Kind::kModeChanged:
      return absl::StrCat("mode ", ModeWord(event.mode));
    case Event::Kind::kBatteryFull:
      return event.on ? "battery full" : "battery no longer full";
    case Event::Kind::kBatteryEmpty:
      return event.on ? "battery empty" : "battery no longer empty";
    case Event::Kind::kMissedCycles:
      return absl::StrCat("the control cycle came late and skipped ", event.count,
                          " of its times; is the machine overloaded?");
  }
  return "unknown event";
}

}  // namespace abcds
