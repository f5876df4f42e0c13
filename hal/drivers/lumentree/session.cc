#include "hal/drivers/lumentree/session.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "hal/transport/modbus_decode.h"

namespace abcds::lumentree {
namespace {

using Function = ModbusRequest::Function;
using Urgency = ModbusClient::Urgency;

constexpr Watts kAtRestBelow(20);
constexpr Volts kNoBatteryBelow(1.0);
constexpr Volts kAcLostBelow(80);  // far below every mains, above what a dead input shows

bool IsMinor(Register which) { return which == Register::kAcVoltage || which == Register::kTemperature; }

}  // namespace

Session::Session(const Traits& traits, uint8_t unit) noexcept
    : traits_(traits), unit_(unit), random_(unit * 2654435761u) {
  state_.max_discharge = traits.max_power;
}

void Session::SetCommand(const ConverterCommand& command, MonotonicTime now) noexcept {
  command_ = command;
  FollowWanted(now);
}

void Session::Rest() noexcept {
  if (resting_) return;
  resting_ = true;
  confirmed_.reset();
}

bool Session::AtRest() const noexcept {
  return resting_ && confirmed_ == 0 && power_asked_at_ >= acknowledged_at_ &&
         Magnitude(state_.power.value) < kAtRestBelow;
}

uint16_t Session::Wanted(MonotonicTime now) const noexcept {
  // Active includes that 0 W was acknowledged first.
  if (resting_ || state_.lifecycle != Lifecycle::kActive || now >= command_.expires_at) return 0;
  return EncodeSetpoint(command_.power, state_.max_discharge);
}

void Session::FollowWanted(MonotonicTime now) noexcept {
  const uint16_t wanted = Wanted(now);
  if (wanted == wanted_) return;
  wanted_ = wanted;
  wanted_since_ = now;
}

std::optional<ModbusClient::Due> Session::NextRequest(MonotonicTime now) noexcept {
  const Step step = Plan(now);
  if (step.at > now) return std::nullopt;
  return step.due;
}

MonotonicTime Session::NextDue(MonotonicTime now) noexcept { return Plan(now).at; }

// The earliest thing to do; of several that are due, a write goes before all polls.
Session::Step Session::Plan(MonotonicTime now) noexcept {
  FollowWanted(now);
  if (!link_up_) return {};
  Step next = PlanWrite(now);
  next.due.request.timeout = ReplyTimeout(now);
  if (silent_ || next.at <= now) return next;
  const Poll* chosen = nullptr;
  for (const Poll& poll : polls_) {
    MonotonicTime at = std::max(poll.due_at, now);
    if (late_register_.has_value() && *late_register_ != poll.which) at = std::max(at, late_until_);
    at = ClearOfChange(at, poll.due_at);
    if (at > next.at || (at == next.at && chosen != nullptr && chosen->due_at <= poll.due_at)) continue;
    chosen = &poll;
    next = {.at = at, .due = {.request = ReadOne(unit_, poll.which), .urgency = Urgency::kPoll}};
  }
  next.due.request.timeout = ReplyTimeout(now);
  return next;
}

Session::Step Session::PlanWrite(MonotonicTime now) const noexcept {
  Step step;
  step.due.request = WriteSetpoint(unit_, wanted_);
  step.due.urgency = wanted_ == 0 ? Urgency::kSafety : Urgency::kCommand;
  // What has not answered lately does not hold up the other devices on the line.
  if (silent_ && tries_ > 0) step.due.urgency = Urgency::kPoll;
  if (!confirmed_.has_value()) {
    step.at = silent_ ? retry_at_ : now;
  } else if (wanted_ != *confirmed_) {
    step.at = wanted_ == 0 || nonzero_change_at_ == MonotonicTime::min()
                  ? now
                  : nonzero_change_at_ + Timing::kMinimumInterval;
  } else {
    step.due.urgency = Urgency::kPoll;
    MonotonicTime refresh_at = refresh_at_;
    if (wanted_ == 0 && !off_seen_) refresh_at = std::min(refresh_at, acknowledged_at_ + Timing::kZeroRepeat);
    step.at = ClearOfChange(std::max(refresh_at, now), refresh_at);
    // At its expiry what is wanted becomes 0 W, and the plan another one.
    if (wanted_ != 0) step.at = std::min(step.at, command_.expires_at);
  }
  step.at = std::max({step.at, write_not_before_, now});
  return step;
}

// Keeps the wire free for the write that is expected soon.
MonotonicTime Session::ClearOfChange(MonotonicTime at, MonotonicTime due_at) const noexcept {
  if (command_.next_change_at == MonotonicTime::min() || silent_) return at;
  const MonotonicTime begin = command_.next_change_at - Timing::kPollDuration;
  const MonotonicTime end = command_.next_change_at + Timing::kChangePatience;
  if (at < begin || at >= end || wanted_since_ >= begin) return at;
  // due_at may be "at once", which has no patience to add to.
  if (due_at == MonotonicTime::min()) return end;
  return std::max(at, std::min(end, due_at + Timing::kPollPatience));
}

void Session::OnReply(const ModbusRequest& request, const ModbusReply& reply, MonotonicTime sent_at,
                      MonotonicTime now) noexcept {
  ++counters_.requests;
  const bool answered = reply.result == ModbusResult::kOk || reply.result == ModbusResult::kException;
  if (answered && now - sent_at > Timing::kSlowFrom) slow_until_ = now + Timing::kSlowFor;
  const auto which = static_cast<Register>(request.address);
  switch (reply.result) {
    case ModbusResult::kLinkLost:
      return;  // OnLink() follows
    case ModbusResult::kTimeout:
    case ModbusResult::kCorrupt:
      OnSilence(request, sent_at, now);
      break;
    case ModbusResult::kException:
      MakeContact(now);
      OnRefusal(which, reply.exception, now);
      break;
    case ModbusResult::kOk:
      MakeContact(now);
      if (refusal_.has_value() && refusal_->which == which) refusal_.reset();
      if (minor_refusal_.has_value() && minor_refusal_->which == which) minor_refusal_.reset();
      if (request.function == Function::kWriteMultipleRegisters) {
        OnWritten(request.values[0], now);
      } else {
        OnRead(which, reply.values[0], sent_at, now);
      }
      break;
  }
  UpdateState();
  FollowWanted(now);
}

void Session::OnLink(bool up, MonotonicTime now) noexcept {
  link_up_ = up;
  if (!silent_) ++counters_.contacts_lost;
  LoseContact();
  retry_at_ = now;
  retry_pause_ = Timing::kRetryFirst;
  write_not_before_ = MonotonicTime::min();
  UpdateState();
}

void Session::OnSilence(const ModbusRequest& request, MonotonicTime sent_at, MonotonicTime now) noexcept {
  ++counters_.unanswered;
  if (request.function == Function::kWriteMultipleRegisters) {
    confirmed_.reset();
    doubtful_until_ = sent_at + Timing::kLateReply;
  } else {
    late_register_ = static_cast<Register>(request.address);
    late_until_ = sent_at + Timing::kLateReply;
    // Unknown is taken for producing.
    off_seen_ = false;
  }
  // Once may be noise on the line: the same request is due again at once.
  if (++failures_ < 2 && !silent_) return;
  if (silent_) {
    ++tries_;
  } else {
    ++counters_.contacts_lost;
    tries_ = 1;
  }
  LoseContact();
  retry_at_ = now + NextPause();
}

void Session::OnRefusal(Register which, uint8_t exception, MonotonicTime now) noexcept {
  ++counters_.exceptions;
  if (which != Register::kSetpoint) {
    Poll& poll = PollOf(which);
    poll.answered = true;
    poll.due_at = now + std::max(poll.period, Timing::kDcVoltagePeriod);
  }
  if (IsMinor(which)) {
    minor_refusal_ = {which, exception};
    return;
  }
  refusal_ = {which, exception};
  zero_first_ = true;
  confirmed_.reset();
  write_not_before_ = now + Timing::kRefusedRetry;
}

void Session::OnWritten(uint16_t setpoint, MonotonicTime now) noexcept {
  ++counters_.setpoint_writes;
  const bool changed = setpoint != last_confirmed_ || zero_first_;
  if (setpoint == 0) zero_first_ = false;
  confirmed_ = setpoint;
  last_confirmed_ = setpoint;
  acknowledged_at_ = now;
  state_.acknowledged = {.value = setpoint == 0 ? Watts(0) : Watts(-1.0 * setpoint), .taken_at = now, .valid = true};
  // A lost write's late acknowledgement looks like this one's: once nothing late can be under way, write again.
  refresh_at_ = now < doubtful_until_ ? doubtful_until_ : now + Timing::kRefresh;
  if (!changed) return;
  off_seen_ = false;
  watch_.Reset();
  if (setpoint == 0) return;
  const bool waited =
      nonzero_change_at_ != MonotonicTime::min() && wanted_since_ < nonzero_change_at_ + Timing::kMinimumInterval;
  nonzero_change_at_ = waited ? nonzero_change_at_ + Timing::kMinimumInterval : wanted_since_;
}

void Session::OnRead(Register which, uint16_t raw, MonotonicTime sent_at, MonotonicTime now) noexcept {
  Poll& poll = PollOf(which);
  bool plausible = false;
  switch (which) {
    case Register::kAcPower: {
      Watts power;
      plausible = DecodeAcPower(raw, traits_.max_power, power);
      if (plausible) OnPower(power, sent_at, now);
      break;
    }
    case Register::kDcVoltage: {
      Volts voltage;
      plausible = DecodeDcVoltage(raw, voltage);
      // Without a battery the inverter's input shows nearly nothing, which is no battery voltage.
      if (plausible) state_.dc_voltage = {.value = voltage, .taken_at = now, .valid = voltage >= kNoBatteryBelow};
      break;
    }
    case Register::kAcVoltage: {
      Volts voltage;
      plausible = DecodeAcVoltage(raw, voltage);
      if (plausible) ac_voltage_ = {.value = voltage, .taken_at = now, .valid = true};
      break;
    }
    case Register::kTemperature: {
      Celsius temperature;
      plausible = DecodeTemperature(raw, temperature);
      if (plausible) temperature_ = {.value = temperature, .taken_at = now, .valid = true};
      break;
    }
    case Register::kSetpoint:
      break;
  }
  if (plausible) {
    poll.answered = true;
  } else {
    ++counters_.implausible;
  }
  poll.due_at = sent_at + PeriodOf(poll);
}

void Session::OnPower(Watts power, MonotonicTime sent_at, MonotonicTime now) noexcept {
  if (Magnitude(power) < kOffBelow) power = Watts(0);
  state_.power = {.value = power, .taken_at = now, .valid = true};
  power_asked_at_ = sent_at;
  if (!confirmed_.has_value() || sent_at < acknowledged_at_) return;
  if (*confirmed_ == 0) {
    // It was off and runs without having been told to: it has restarted, into full power. Not seen as off, it gets its
    // 0 W again at once.
    if (off_seen_ && Magnitude(power) > OutputWatch::kTolerated) ++counters_.rewrites;
    off_seen_ = power == Watts(0);
  }
  if (!watch_.Judge(power, state_.acknowledged.value, now)) return;
  ++counters_.rewrites;
  refresh_at_ = now;
}

void Session::MakeContact(MonotonicTime now) noexcept {
  failures_ = 0;
  if (!silent_) return;
  silent_ = false;
  tries_ = 0;
  retry_pause_ = Timing::kRetryFirst;
  for (Poll& poll : polls_) poll.due_at = now;
}

// From here on it is taken for producing, at an unknown setpoint.
void Session::LoseContact() noexcept {
  silent_ = true;
  zero_first_ = true;
  confirmed_.reset();
  off_seen_ = false;
  watch_.Reset();
  failures_ = 0;
  refusal_.reset();
  minor_refusal_.reset();
  late_register_.reset();
  for (Poll& poll : polls_) poll.answered = false;
}

void Session::UpdateState() noexcept {
  const std::optional<Celsius> heat =
      temperature_.valid && PollOf(Register::kTemperature).answered ? std::optional(temperature_.value) : std::nullopt;
  state_.max_discharge = AvailablePower(traits_, heat);
  const bool ac_lost = ac_voltage_.valid && ac_voltage_.value < kAcLostBelow;
  if (!link_up_ || silent_) {
    state_.lifecycle = Lifecycle::kConnecting;
  } else if (refusal_.has_value()) {
    state_.lifecycle = Lifecycle::kFaulty;
  } else if (zero_first_ || !polls_[0].answered || !polls_[1].answered || !polls_[2].answered ||
             !state_.dc_voltage.valid || ac_lost) {
    state_.lifecycle = Lifecycle::kInactive;
  } else {
    state_.lifecycle = Lifecycle::kActive;
  }
}

Session::Poll& Session::PollOf(Register which) noexcept {
  for (Poll& poll : polls_) {
    if (poll.which == which) return poll;
  }
  return polls_[0];
}

Nanoseconds Session::PeriodOf(const Poll& poll) const noexcept {
  if (poll.which == Register::kAcPower && resting_) return Timing::kPowerPeriodAtRest;
  // What keeps the inverter from being used is looked at more often, and so is what has not been seen at all.
  const bool waited_for = poll.which == Register::kAcVoltage && ac_voltage_.value < kAcLostBelow;
  return waited_for || !poll.answered ? std::min(poll.period, Timing::kDcVoltagePeriod) : poll.period;
}

Nanoseconds Session::NextPause() noexcept {
  // Numerical Recipes' generator: inverters that fell silent together are not retried in step.
  random_ = random_ * 1664525u + 1013904223u;
  const double share = 0.5 + 0.5 * static_cast<double>(random_ >> 8) / static_cast<double>(1u << 24);
  const Nanoseconds pause = FromSeconds(ToSeconds(retry_pause_) * share);
  retry_pause_ = std::min(2 * retry_pause_, Timing::kRetryLongest);
  return pause;
}

Nanoseconds Session::ReplyTimeout(MonotonicTime now) const noexcept {
  const bool long_try = silent_ && !resting_ && tries_ % Timing::kTriesPerSlowOne == Timing::kTriesPerSlowOne - 1;
  return long_try || now < slow_until_ ? Timing::kSlowReply : Timing::kReply;
}

std::string Session::Trouble(const std::string& port, MonotonicTime now) const {
  if (!link_up_) return "";
  if (silent_) {
    return absl::StrCat("no answer from unit ", unit_, " on ", port, ": check power, wiring, baud rate and address");
  }
  const std::optional<Refusal>& refusal = refusal_.has_value() ? refusal_ : minor_refusal_;
  if (refusal.has_value()) {
    return absl::StrCat("unit ", unit_, " on ", port, " refuses register ", static_cast<int>(refusal->which),
                        ": exception ", refusal->exception, ", ", ModbusExceptionName(refusal->exception),
                        ": is this the inverter that the configuration says?");
  }
  if (polls_[1].answered && !state_.dc_voltage.valid) {
    return "the inverter sees no battery: check the DC fuse and switch";
  }
  if (polls_[2].answered && ac_voltage_.valid && ac_voltage_.value < kAcLostBelow) {
    return "the inverter sees no AC voltage: check its plug and breaker";
  }
  if (watch_.NotFollowing(now)) {
    return "the inverter does not deliver what it acknowledged: check battery voltage, temperature and its own limiter";
  }
  return "";
}

}  // namespace abcds::lumentree
