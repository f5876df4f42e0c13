#include "server/plant/arbiter.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "control/core/names.h"

namespace abcds {
namespace {

// "99 days", "90 min", "0.5 s": in the largest unit without a rest.
std::string LengthText(Nanoseconds length) {
  struct Unit {
    Nanoseconds size;
    const char* name;
  };
  static constexpr Unit kUnits[] = {{std::chrono::hours(24), "days"}, {std::chrono::hours(1), "h"}, {std::chrono::minutes(1), "min"}};
  for (const Unit& unit : kUnits) {
    if (length != Nanoseconds(0) && length % unit.size == Nanoseconds(0)) {
      return absl::StrCat(length / unit.size, " ", unit.name);
    }
  }
  return absl::StrCat(ToSeconds(length), " s");
}

absl::StatusOr<MonotonicTime> LeaseEnd(std::optional<Nanoseconds> lease, MonotonicTime now) {
  const Nanoseconds length = lease.value_or(Arbiter::kLeaseDefault);
  if (length < Arbiter::kLeaseMin || length > Arbiter::kLeaseMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a lease is 1 s to 7 days, not ", LengthText(length), "; at its end this falls back by itself"));
  }
  return now + length;
}

absl::Status CheckPower(const char* what, Watts power) {
  // Written so that NaN fails.
  if (Magnitude(power) <= Arbiter::kTargetMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat("%s is -20000 W to 20000 W, not %.10g W", what, power.value()));
}

std::string FaultNames() {
  std::vector<std::string> names;
  for (int i = 0; i < static_cast<int>(FaultId::kCount); ++i) names.emplace_back(FaultName(static_cast<FaultId>(i)));
  return absl::StrJoin(names, ", ");
}

// FaultId::kCount for an unknown name.
FaultId FaultOfName(const std::string& name) {
  for (int i = 0; i < static_cast<int>(FaultId::kCount); ++i) {
    if (name == FaultName(static_cast<FaultId>(i))) return static_cast<FaultId>(i);
  }
  return FaultId::kCount;
}

}  // namespace

std::string FaultDevice(const SiteFacts& facts, const FaultStatus& fault) {
  if (fault.converter >= 0 && static_cast<size_t>(fault.converter) < facts.converters.size()) {
    return facts.converters[static_cast<size_t>(fault.converter)].name;
  }
  return "";
}

Arbiter::Arbiter(const SiteFacts& facts) : facts_(facts) {
  intent_.target = facts.settings.regulation.target;
  intent_.charger_enabled = facts.settings.regulation.charge_enabled;
  intent_.discharger_enabled = facts.settings.regulation.discharge_enabled;
  if (facts.observing) intent_.mode = Mode::kObserve;
}

Watts Arbiter::ConfiguredPower(bool charge) const {
  Watts sum;
  for (int i = 0; i < facts_.settings.converter_count; ++i) {
    const ConverterSettings& converter = facts_.settings.converters[static_cast<size_t>(i)];
    if (charge && converter.charges) sum += converter.max_charge;
    if (!charge && converter.discharges) sum += converter.max_discharge;
  }
  return sum;
}

Watts Arbiter::ReportedPower(bool charge, const Snapshot& snapshot) const {
  Watts sum;
  for (size_t i = 0; i < static_cast<size_t>(facts_.settings.converter_count); ++i) {
    const ConverterSettings& converter = facts_.settings.converters[i];
    if (!(charge ? converter.charges : converter.discharges)) continue;
    const Watts configured = charge ? converter.max_charge : converter.max_discharge;
    const Watts reported = charge ? snapshot.converter_states[i].max_charge : snapshot.converter_states[i].max_discharge;
    sum += reported > Watts(0) ? std::min(configured, reported) : configured;
  }
  return sum;
}

Watts Arbiter::LeastPower(bool charge, const Snapshot& snapshot) const {
  Watts least = kTargetMax;
  for (size_t i = 0; i < static_cast<size_t>(facts_.settings.converter_count); ++i) {
    const ConverterSettings& converter = facts_.settings.converters[i];
    if (!(charge ? converter.charges : converter.discharges)) continue;
    const ConverterState& state = snapshot.converter_states[i];
    Watts own = charge ? std::max(converter.min_charge, state.min_charge)
                       : std::max(converter.min_discharge, state.min_discharge);
    // On or off.
    if (charge && own > Watts(0) && own == state.max_charge) own = std::max(own, converter.switch_on);
    least = std::min(least, own);
  }
  return least;
}

absl::Status Arbiter::SetChargerEnabled(bool enabled) {
  if (enabled && ConfiguredPower(true) <= Watts(0)) {
    return absl::FailedPreconditionError("this site has no converter that charges; add one to the configuration");
  }
  intent_.charger_enabled = enabled;
  ++intent_.generation;
  return absl::OkStatus();
}

absl::Status Arbiter::SetDischargerEnabled(bool enabled) {
  if (enabled && ConfiguredPower(false) <= Watts(0)) {
    return absl::FailedPreconditionError("this site has no converter that discharges; add one to the configuration");
  }
  intent_.discharger_enabled = enabled;
  ++intent_.generation;
  return absl::OkStatus();
}

absl::Status Arbiter::SetTarget(Watts target, std::optional<Nanoseconds> lease, MonotonicTime now) {
  if (absl::Status status = CheckPower("a target", target); !status.ok()) return status;
  const absl::StatusOr<MonotonicTime> ends = LeaseEnd(lease, now);
  if (!ends.ok()) return ends.status();
  intent_.target = target;
  intent_.target_ends = *ends;
  ++intent_.generation;
  return absl::OkStatus();
}

absl::Status Arbiter::SetMode(const ModeRequest& request, const Snapshot& snapshot, MonotonicTime now) {
  if (request.mode != Mode::kForced && request.power) {
    return absl::InvalidArgumentError("a power is for mode forced only; leave it out");
  }
  if (request.mode != Mode::kForced && request.until_soc) {
    return absl::InvalidArgumentError("a state of charge to end at is for mode forced only; leave it out");
  }
  if (request.mode == Mode::kAutomatic && request.lease) {
    return absl::InvalidArgumentError("mode automatic has no lease: it is what the others fall back to; leave it out");
  }
  if (request.mode == Mode::kChargeOnly && ConfiguredPower(true) <= Watts(0)) {
    return absl::FailedPreconditionError("this site has no converter that charges; for 0 W use `mode idle`");
  }
  if (request.mode == Mode::kDischargeOnly && ConfiguredPower(false) <= Watts(0)) {
    return absl::FailedPreconditionError("this site has no converter that discharges; for 0 W use `mode idle`");
  }
  if (facts_.observing) {
    return absl::FailedPreconditionError(
        "abcdsd was started with --observe and commands nothing; start it without to regulate");
  }
  const absl::StatusOr<MonotonicTime> ends = LeaseEnd(request.lease, now);
  if (!ends.ok()) return ends.status();
  if (request.mode == Mode::kForced) {
    if (absl::Status status = CheckForced(request, snapshot); !status.ok()) return status;
  }
  intent_.mode = request.mode;
  intent_.mode_ends = request.mode == Mode::kAutomatic ? MonotonicTime::max() : *ends;
  intent_.forced_power = request.power.value_or(Watts(0));
  intent_.forced_until_soc = request.until_soc.value_or(Ratio(0));
  ++intent_.generation;
  return absl::OkStatus();
}

absl::Status Arbiter::CheckForced(const ModeRequest& request, const Snapshot& snapshot) const {
  if (!request.power) return absl::InvalidArgumentError("mode forced needs a power: + charges, - discharges");
  if (absl::Status status = CheckPower("a forced power", *request.power); !status.ok()) return status;
  if (*request.power == Watts(0)) return absl::InvalidArgumentError("a forced power is not 0 W; for that use `mode idle`");
  const bool charge = *request.power > Watts(0);
  const char* verb = charge ? "charge" : "discharge";
  const Watts possible = ConfiguredPower(charge);
  if (possible <= Watts(0)) {
    return absl::FailedPreconditionError(absl::StrFormat("this site has no converter that can %s", verb));
  }
  if (Magnitude(*request.power) > possible) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%.0f W is more than the converters can do: they can %s with at most %.0f W together",
                        request.power->value(), verb, ReportedPower(charge, snapshot).value()));
  }
  if (const Watts least = LeastPower(charge, snapshot); Magnitude(*request.power) < least) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%.0f W is too little for the converters: they can %s with at least %.0f W",
                        request.power->value(), verb, least.value()));
  }
  if (charge ? !intent_.charger_enabled : !intent_.discharger_enabled) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%sing is disabled; enable the %sr first", charge ? "charg" : "discharg", verb));
  }
  if (!request.until_soc) return absl::OkStatus();
  if (!(*request.until_soc > Ratio(0) && *request.until_soc < Ratio(1))) {
    return absl::InvalidArgumentError(
        absl::StrCat("a state of charge to end at is above 0 and below 1, as 0.8 for 80 %, not ", request.until_soc->value()));
  }
  if (!facts_.battery) {
    return absl::FailedPreconditionError(
        "without a BMS no state of charge is known to end at; leave it out and give a lease");
  }
  const Sample<Ratio>& soc = snapshot.battery.soc;
  if (!soc.valid || !IsFinite(soc.value)) {
    return absl::FailedPreconditionError(
        "the BMS reports no state of charge to end at; leave it out and give a lease");
  }
  if (charge ? soc.value >= *request.until_soc : soc.value <= *request.until_soc) {
    return absl::FailedPreconditionError(
        absl::StrFormat("the battery is at %.0f %% already: to %s, end at a state of charge %s that (--until-soc)",
                        soc.value.value() * 100, verb, charge ? "above" : "below"));
  }
  return absl::OkStatus();
}

bool Arbiter::Matches(const FaultStatus& fault, const std::string& id, const std::string& device) const {
  if (fault.id >= FaultId::kCount) return false;
  return (id.empty() || id == FaultName(fault.id)) && (device.empty() || device == FaultDevice(facts_, fault));
}

absl::Status Arbiter::ClearFault(const std::string& id, const std::string& device, const Snapshot& snapshot) {
  const FaultId wanted = FaultOfName(id);
  if (!id.empty() && wanted == FaultId::kCount) {
    return absl::InvalidArgumentError(absl::StrCat("there is no such fault; known: ", FaultNames()));
  }
  int8_t converter = -1;
  if (!device.empty()) {
    const auto found = std::find_if(facts_.converters.begin(), facts_.converters.end(),
                                    [&](const DeviceFacts& facts) { return facts.name == device; });
    if (found == facts_.converters.end()) {
      std::vector<std::string> names;
      for (const DeviceFacts& facts : facts_.converters) names.push_back(facts.name);
      return absl::NotFoundError(
          absl::StrCat("no converter has this name; faults concern the plant (leave device out) or one of: ",
                       absl::StrJoin(names, ", ")));
    }
    converter = static_cast<int8_t>(found - facts_.converters.begin());
  }
  bool clearable = false;
  bool active_only = false;
  std::string still_there;
  for (const FaultStatus& fault : snapshot.outputs.faults) {
    if (!Matches(fault, id, device)) continue;
    if (fault.latched && !fault.active) clearable = true;
    if (fault.active && !fault.latched) active_only = true;
    if (fault.latched && fault.active) {
      absl::StrAppend(&still_there, still_there.empty() ? "" : "; ", FaultName(fault.id), ": ", FaultText(fault.id));
    }
  }
  if (!clearable && !still_there.empty()) {
    return absl::FailedPreconditionError(absl::StrCat("its cause is still there; remove it first. ", still_there));
  }
  if (!clearable && active_only && !id.empty()) {
    return absl::FailedPreconditionError("it is not latched and ends by itself when its cause has gone");
  }
  if (!clearable && !id.empty())
    return absl::FailedPreconditionError("no such fault is latched; there is nothing to clear");
  ++intent_.clear_generation;
  intent_.clear_fault = wanted;
  intent_.clear_converter = converter;
  ++intent_.generation;
  return absl::OkStatus();
}

bool Arbiter::Settle(const Snapshot& snapshot, MonotonicTime now) {
  // Only a cycle that has seen the newest wish can say that it has ended.
  if (snapshot.intent.generation != intent_.generation) return false;
  const bool mode_over =
      intent_.mode != Mode::kAutomatic && (now >= intent_.mode_ends || snapshot.outputs.mode == Mode::kAutomatic);
  const bool target_over = now >= intent_.target_ends;
  if (mode_over) {
    intent_.mode = Mode::kAutomatic;
    intent_.mode_ends = MonotonicTime::max();
    intent_.forced_power = Watts(0);
    intent_.forced_until_soc = Ratio(0);
  }
  if (target_over) {
    intent_.target = facts_.settings.regulation.target;
    intent_.target_ends = MonotonicTime::max();
  }
  if (mode_over || target_over) ++intent_.generation;
  return mode_over || target_over;
}

}  // namespace abcds
