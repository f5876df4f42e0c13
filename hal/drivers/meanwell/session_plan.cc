// What the session says next: off, who are you, setpoints, polls, in this order.
#include <algorithm>
#include <cmath>

#include "hal/drivers/meanwell/session.h"

namespace abcds::meanwell {
namespace {

using enum Command;

// A device that was told to switch off or on and reads back otherwise is told again.
constexpr Nanoseconds kOffAgain = std::chrono::milliseconds(500);
constexpr Nanoseconds kOnAgain = std::chrono::seconds(2);

// A start within this share of the current that the device still holds, and stores, takes that one. The voltage at rest is
// lower than it will be, so that the same power would otherwise come out as another current each time.
constexpr double kAsHeld = 0.03;

Command CurrentCommand(Direction direction) { return direction == Direction::kCharge ? kIoutSet : kReverseIoutSet; }

Direction Other(Direction direction) {
  return direction == Direction::kCharge ? Direction::kDischarge : Direction::kCharge;
}

}  // namespace

// The power to make now: 0 unless all is well.
Watts Session::Wanted(MonotonicTime now) const noexcept {
  if (resting_ || now >= command_.expires_at || !Usable() || !IsFinite(command_.power)) return Watts(0);
  return std::clamp(command_.power, -capability_.limits().max_discharge, capability_.limits().max_charge);
}

// Whether to stay on with the least current instead of going off. That moves real power, in the direction that is set:
// only where whoever commands has room for it.
bool Session::MayIdle(MonotonicTime now) const noexcept {
  if (!options_.always_on || resting_ || now >= command_.expires_at || !Usable() || memory_.OnlyStopping())
    return false;
  const std::optional<Direction> direction = SetDirection();
  if (!direction.has_value()) return false;
  const Limits& limits = capability_.limits();
  if (*direction == Direction::kCharge) return command_.may_idle_charging && limits.max_charge > Watts(0);
  return command_.may_idle_discharging && limits.max_discharge > Watts(0);
}

// As read, or as written a moment ago.
std::optional<Direction> Session::SetDirection() const noexcept {
  const Register& known = registers_[kDirectionCtrl];
  const std::optional<uint16_t> raw = known.held.has_value() ? known.held : known.written;
  if (!raw.has_value() || *raw > 1) return std::nullopt;
  return static_cast<Direction>(*raw);
}

void Session::Follow(MonotonicTime now) {
  if (ignores_ && now >= ignored_at_ + Timing::kIgnoredAgain && stage_ == Stage::kReady) StartOver(now);
  const bool misunderstood =
      obstacle_ == Obstacle::kUnknownModel || obstacle_ == Obstacle::kOtherFamily || obstacle_ == Obstacle::kScaling;
  if (stage_ == Stage::kRefused && misunderstood && now >= refused_at_ + Timing::kRefusedAgain) StartOver(now);
  const Watts wanted = Wanted(now);
  const bool idled = idles_;
  idles_ = MayIdle(now);
  // The current is worked out when the power changes, not when the voltage does: that would cost a write each time.
  const bool idling_changed = idles_ != idled && setpoint_.kind == Setpoint::Kind::kOff;
  if (idling_changed || std::lround(wanted.value()) != std::lround(taken_power_.value())) TakeSetpoint(wanted, now);
  const std::optional<uint16_t> direction = registers_[kDirectionCtrl].held;
  if (setpoint_.kind != Setpoint::Kind::kOff && direction.has_value() && *direction < 2) {
    if (static_cast<Direction>(*direction) == setpoint_.direction) carried_at_[*direction] = now;
  }
  if (settled_noted_ || stage_ == Stage::kSilent || stage_ == Stage::kIdentify) return;
  if (PlanOff(now).has_value() || PlanSetpoint(now).has_value() || registers_.Unverified().has_value()) return;
  settled_noted_ = true;
  state_.acknowledged = {.value = setpoint_.power, .taken_at = now, .valid = true};
}

void Session::KeepHeldCurrent() {
  const std::optional<uint16_t> raw = registers_[CurrentCommand(setpoint_.direction)].held;
  if (!raw.has_value()) return;
  const Amperes held(*raw * 0.01);
  if (Magnitude(held - setpoint_.current) <= setpoint_.current * kAsHeld) setpoint_.current = held;
}

void Session::TakeSetpoint(Watts power, MonotonicTime now) {
  using Kind = Setpoint::Kind;
  taken_power_ = power;
  const bool was_off = setpoint_.kind == Kind::kOff;
  setpoint_ = SetpointFor(Possibilities(), capability_.limits(), power, state_.dc_voltage.value);
  if (was_off && setpoint_.kind == Kind::kCurrent && state_.write_limited) KeepHeldCurrent();
  settled_noted_ = false;
  if (loop_.has_value()) {
    const bool runs = registers_[kOperation].held == 1;
    if (setpoint_.kind != Kind::kVoltage) {
      loop_->Stop();
    } else if (loop_->running()) {
      loop_->SetWanted(setpoint_.current);
    } else {
      loop_->Start(setpoint_.current, state_.dc_voltage.value, runs ? current_ : Amperes(0), now);
    }
  }
  if (!watch_.has_value()) return;
  const Amperes least = LeastCurrent(setpoint_.direction);
  const bool at_least = setpoint_.kind == Kind::kVoltage || (setpoint_.kind == Kind::kOff && idles_);
  watch_->OnSetpoint(at_least ? least : setpoint_.current, now);
}

Session::Step Session::Plan(MonotonicTime now) const {
  if (!link_up_) return {};
  if (stage_ == Stage::kSilent) {
    Step step{.at = hail_.at(), .command = kOperation, .write = std::nullopt};
    if (hail_.tells_off()) step.write = 0;
    return step;
  }
  if (const std::optional<Step> off = PlanOff(now); off.has_value() && off->at <= now) return *off;
  if (const std::optional<Command> command = registers_.Unverified(); command.has_value()) {
    const bool config = *command == kSystemConfig;
    return {.at = config ? registers_[*command].written_at + Timing::kConfigSettles : now,
            .command = *command,
            .write = std::nullopt};
  }
  if (stage_ == Stage::kIdentify) {
    if (const std::optional<Command> next = polls_.NextHasty()) return {.at = now, .command = *next, .write = {}};
    if (const std::optional<Command> next = polls_.NextOfIdentity()) return {.at = now, .command = *next, .write = {}};
  }
  std::optional<Step> step;
  if (stage_ == Stage::kProtect && !resting_) step = PlanProtection(now);
  if (stage_ == Stage::kReady) step = PlanSetpoint(now);
  if (!step.has_value()) step = PlanOff(now);
  if (step.has_value() && step->at <= now) return *step;
  const Step poll = PlanPoll(now);
  return step.has_value() && step->at < poll.at ? *step : poll;
}

// Whatever is not ready to run is off; nothing else is known of a device before that.
std::optional<Session::Step> Session::PlanOff(MonotonicTime now) const {
  const bool on = stage_ == Stage::kReady && (setpoint_.kind != Setpoint::Kind::kOff || idles_);
  if (on) return std::nullopt;
  const Register& operation = registers_[kOperation];
  if (!operation.held.has_value()) return Step{.at = now, .command = kOperation, .write = std::nullopt};
  if (*operation.held == 0) {
    const bool flows = watch_.has_value() && watch_->verdict() == OutputWatch::Verdict::kTooMuch;
    if (!flows) return std::nullopt;
    return Step{.at = operation.written_at + Timing::kOffRepeats, .command = kOperation, .write = 0};
  }
  const bool again = operation.written == 0;
  return Step{.at = again ? operation.written_at + kOffAgain : now, .command = kOperation, .write = 0};
}

// Setpoints that do no harm at the next start are stored first, then storing is switched off.
std::optional<Session::Step> Session::PlanProtection(MonotonicTime now) const {
  if (auto step = Make(kVoutSet, EncodeHundredths(options_.charge_voltage.value()), now)) return step;
  if (auto step = Make(kIoutSet, Raw(LeastCurrent(Direction::kCharge)), now)) return step;
  if (options_.family == Family::kBic) {
    if (auto step = Make(kReverseVoutSet, EncodeHundredths(options_.discharge_voltage.value()), now)) return step;
    if (auto step = Make(kReverseIoutSet, Raw(LeastCurrent(Direction::kDischarge)), now)) return step;
  }
  const Register& config = registers_[kSystemConfig];
  const uint16_t base = config.written.value_or(config.held.value_or(0));
  return Make(kSystemConfig, static_cast<uint16_t>(base | system_config::kEepromOff), now);
}

std::optional<Session::Step> Session::PlanSetpoint(MonotonicTime now) const {
  const bool off = setpoint_.kind == Setpoint::Kind::kOff;
  if (stage_ != Stage::kReady || (off && !idles_)) return std::nullopt;
  Direction direction = setpoint_.direction;
  if (options_.family == Family::kBic) {
    // Idling takes the one that is set.
    if (off) direction = SetDirection().value_or(direction);
    if (!off) {
      if (auto step = PlanDirection(now)) return step;
    }
  }
  const bool charges = direction == Direction::kCharge;
  const bool by_voltage = setpoint_.kind == Setpoint::Kind::kVoltage && loop_.has_value() && loop_->running();
  const Volts voltage = !charges ? options_.discharge_voltage : by_voltage ? loop_->voltage() : options_.charge_voltage;
  const Amperes current = off || by_voltage ? LeastCurrent(direction) : setpoint_.current;
  if (auto step = Make(charges ? kVoutSet : kReverseVoutSet, EncodeHundredths(voltage.value()), now)) return step;
  if (auto step = Make(CurrentCommand(direction), Raw(current), now)) return step;
  return Make(kOperation, 1, now);
}

// Both currents at their least, the old direction at rest for a while, then the other one, and a pause.
std::optional<Session::Step> Session::PlanDirection(MonotonicTime now) const {
  const Register& known = registers_[kDirectionCtrl];
  if (!known.held.has_value()) return Step{.at = now, .command = kDirectionCtrl, .write = std::nullopt};
  const Direction wanted = setpoint_.direction;
  if (*known.held == static_cast<uint16_t>(wanted)) {
    if (now < direction_made_at_) return Step{.at = direction_made_at_, .command = kDirectionCtrl, .write = {}};
    return std::nullopt;
  }
  if (!options_.always_on) {
    if (auto step = Make(kOperation, 0, now)) return step;
  } else if (auto step = Make(CurrentCommand(Other(wanted)), Raw(LeastCurrent(Other(wanted))), now)) {
    return step;
  }
  if (auto step = Make(CurrentCommand(wanted), Raw(LeastCurrent(wanted)), now)) return step;
  const MonotonicTime carried_at = carried_at_[static_cast<size_t>(Other(wanted))];
  if (carried_at != MonotonicTime::min() && now < carried_at + Timing::kDirectionHold) {
    return Step{.at = carried_at + Timing::kDirectionHold, .command = kDirectionCtrl, .write = {}};
  }
  return Make(kDirectionCtrl, static_cast<uint16_t>(wanted), now);
}

// The step towards `value`, if any is left: read it, or write it.
std::optional<Session::Step> Session::Make(Command command, uint16_t value, MonotonicTime now) const {
  const Register& known = registers_[command];
  if (!known.held.has_value()) return Step{.at = now, .command = command, .write = std::nullopt};
  MonotonicTime at = now;
  if (command == kOperation || command == kDirectionCtrl) {
    // Nothing else than the wanted value will do.
    if (*known.held == value) return std::nullopt;
    if (known.written == value) at = known.written_at + (value == 0 ? kOffAgain : kOnAgain);
  } else {
    if (known.Settled(value)) return std::nullopt;
  }
  return Step{.at = at, .command = command, .write = value};
}

Session::Step Session::PlanPoll(MonotonicTime now) const {
  const Polls::Next next = polls_.NextOfWatch(registers_[kOperation].held == 1);
  MonotonicTime at = next.due_at;
  const MonotonicTime change = command_.next_change_at;
  if (change != MonotonicTime::min()) {
    const MonotonicTime when = std::max(at, now);
    const bool in_the_way = when > change - Timing::kPollTakes && when < change + Timing::kCommandLate;
    if (in_the_way) at = std::min(change + Timing::kCommandLate, next.due_at + Timing::kPollPatience);
  }
  return {.at = at, .command = next.command, .write = std::nullopt};
}

}  // namespace abcds::meanwell
