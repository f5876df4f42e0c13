#include "hal/drivers/register_inverter/session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/drivers/register_inverter/readings.h"
#include "hal/transport/modbus_decode.h"
#include "hal/units/at_rest.h"

namespace abcds::register_inverter {
namespace {

using Function = ModbusRequest::Function;
using Urgency = ModbusClient::Urgency;

constexpr Volts kNoBatteryBelow(1.0);
constexpr int kTriesOfTheOptional = 2;
constexpr int kForeignSetpoints = 3;  // one is a restart of the device
constexpr Volts kAcLostBelow(80);     // far below every mains, above what a dead input shows

bool IsWrite(const ModbusRequest& request) { return request.function == Function::kWriteMultipleRegisters; }

}  // namespace

Session::Session(std::unique_ptr<const RegisterMap> map, uint8_t unit) noexcept
    : map_(std::move(map)),
      pace_(map_->pace()),
      unit_(unit),
      watch_(pace_.rewrite_after, pace_.tell_after),
      random_(unit * 2654435761u) {
  state_.max_discharge = map_->AvailablePower(std::nullopt);
  for (size_t i = 0; i < map_->blocks().size(); ++i) polls_[i].block = &map_->blocks()[i];
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
  return resting_ && confirmed_ == 0 && rest_acknowledged_at_.has_value() &&
         power_asked_at_ >= *rest_acknowledged_at_ + pace_.readback_age && Magnitude(state_.power.value) < kAtRest;
}

uint16_t Session::Wanted(MonotonicTime now) const noexcept {
  // Active includes that 0 W was acknowledged first.
  if (resting_ || state_.lifecycle != Lifecycle::kActive || now >= command_.expires_at) return 0;
  return map_->EncodeSetpoint(command_.power, state_.max_discharge);
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
  for (const Poll& poll : Polls()) {
    MonotonicTime at = std::max(poll.due_at, now);
    // A reply of another length would be refused by the bus.
    const bool alike = late_block_ != nullptr && late_block_ != poll.block && late_block_->count == poll.block->count;
    if (alike) at = std::max(at, late_until_);
    at = ClearOfChange(at, poll.due_at);
    if (at > next.at || (at == next.at && chosen != nullptr && chosen->due_at <= poll.due_at)) continue;
    chosen = &poll;
    next = {.at = at, .due = {.request = ReadOf(*poll.block), .urgency = Urgency::kPoll}};
  }
  next.due.request.timeout = ReplyTimeout(now);
  return next;
}

Session::Step Session::PlanWrite(MonotonicTime now) const noexcept {
  Step step;
  step.due.request = WriteOf(wanted_);
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
  const MonotonicTime begin = command_.next_change_at - pace_.poll_duration;
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
  if (answered && now - sent_at > pace_.slow_from) slow_until_ = now + Timing::kSlowFor;
  switch (reply.result) {
    case ModbusResult::kLinkLost:
      return;  // OnLink() follows
    case ModbusResult::kTimeout:
    case ModbusResult::kCorrupt:
      OnSilence(request, sent_at, now);
      break;
    case ModbusResult::kException:
      MakeContact(now);
      OnRefusal(request, reply.exception, now);
      break;
    case ModbusResult::kOk:
      MakeContact(now);
      if (refusal_.has_value() && refusal_->address == request.address) refusal_.reset();
      if (minor_refusal_.has_value() && minor_refusal_->address == request.address) minor_refusal_.reset();
      if (IsWrite(request)) {
        OnWritten(request.values[0], now);
      } else {
        OnRead(request, reply, sent_at, now);
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
  if (IsWrite(request)) {
    confirmed_.reset();
    doubtful_until_ = sent_at + Timing::kLateReply;
  } else if (Poll* poll = PollOf(request); poll != nullptr) {
    late_block_ = poll->block;
    late_until_ = sent_at + Timing::kLateReply;
    // Silence about what some versions do not have says nothing of the others.
    if (poll->block->refused == ReadBlock::Refused::kNormal && !poll->answered) {
      poll->due_at = ++poll->unanswered < kTriesOfTheOptional ? now : MonotonicTime::max();
      return;
    }
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

void Session::OnRefusal(const ModbusRequest& request, uint8_t exception, MonotonicTime now) noexcept {
  ++counters_.exceptions;
  ReadBlock::Refused meaning = ReadBlock::Refused::kFaulty;
  if (Poll* poll = IsWrite(request) ? nullptr : PollOf(request); poll != nullptr) {
    poll->answered = true;
    poll->due_at = now + std::max(poll->block->period, Timing::kAwaitedPeriod);
    meaning = poll->block->refused;
  }
  switch (meaning) {
    case ReadBlock::Refused::kNormal:
      return;
    case ReadBlock::Refused::kTold:
      minor_refusal_ = {request.address, exception};
      return;
    case ReadBlock::Refused::kFaulty:
      break;
  }
  refusal_ = {request.address, exception};
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
  state_.acknowledged = {.value = map_->DecodeSetpoint(setpoint), .taken_at = now, .valid = true};
  if (resting_ && setpoint == 0 && !rest_acknowledged_at_.has_value()) rest_acknowledged_at_ = now;
  if (pace_.frozen != nullptr) freeze_.OnSetpoint(state_.acknowledged.value, now);
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

void Session::OnRead(const ModbusRequest& request, const ModbusReply& reply, MonotonicTime sent_at,
                     MonotonicTime now) noexcept {
  Poll* poll = PollOf(request);
  if (poll == nullptr) return;
  const Readings read = map_->Decode(*poll->block, std::span(reply.values).first(poll->block->count));
  obstacle_ = poll->block->power ? read.obstacle : obstacle_;
  if (read.restless.has_value() && pace_.frozen != nullptr) {
    const bool was_frozen = freeze_.frozen();
    freeze_.OnReadings(*read.restless, now);
    if (freeze_.frozen() && !was_frozen) {
      zero_first_ = true;
      confirmed_.reset();
    }
  }
  if (read.setpoint.has_value()) OnSetpointRead(*read.setpoint, sent_at, now);
  if (read.power.has_value()) OnPower(*read.power, sent_at, now);
  if (read.dc_voltage.has_value()) {
    // Without a battery the inverter's input shows nearly nothing, which is no battery voltage.
    state_.dc_voltage = {.value = *read.dc_voltage, .taken_at = now, .valid = *read.dc_voltage >= kNoBatteryBelow};
    dc_known_ = true;
  }
  if (read.ac_voltage.has_value()) {
    ac_voltage_ = {.value = *read.ac_voltage, .taken_at = now, .valid = true};
    ac_known_ = true;
  }
  if (read.temperature.has_value()) {
    temperature_ = {.value = *read.temperature, .taken_at = now, .valid = true};
    temperature_known_ = true;
  }
  if (read.plausible) {
    poll->answered = true;
  } else {
    ++counters_.implausible;
  }
  poll->due_at = sent_at + PeriodOf(*poll);
}

// The inverter was restarted unseen, or somebody else writes to it.
void Session::OnSetpointRead(uint16_t raw, MonotonicTime sent_at, MonotonicTime now) noexcept {
  if (!confirmed_.has_value() || sent_at < acknowledged_at_ + Timing::kSetpointSettles) return;
  if (raw == *confirmed_) {
    if (now > put_right_at_ + Timing::kSetpointUndisturbed) foreign_setpoints_ = 0;
    return;
  }
  if (*confirmed_ != 0 && now < put_right_at_ + Timing::kSetpointAgain) return;
  put_right_at_ = now;
  ++foreign_setpoints_;
  ++counters_.rewrites;
  confirmed_.reset();
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
  for (Poll& poll : Polls()) poll.due_at = now;
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
  late_block_ = nullptr;
  rest_acknowledged_at_.reset();
  foreign_setpoints_ = 0;
  freeze_.Forget();
  dc_known_ = ac_known_ = temperature_known_ = false;
  obstacle_ = nullptr;
  for (Poll& poll : Polls()) {
    poll.answered = false;
    poll.unanswered = 0;
  }
}

bool Session::AcLost() const noexcept { return ac_voltage_.valid && ac_voltage_.value < kAcLostBelow; }

// All that must be known is, and nothing of it speaks against.
bool Session::Usable() const noexcept {
  if (zero_first_ || !state_.dc_voltage.valid || AcLost() || obstacle_ != nullptr) return false;
  for (const Poll& poll : Polls()) {
    if (poll.block->awaited && !poll.answered) return false;
  }
  return true;
}

void Session::UpdateState() noexcept {
  const bool heat_known = temperature_.valid && temperature_known_;
  state_.max_discharge = map_->AvailablePower(heat_known ? std::optional(temperature_.value) : std::nullopt);
  if (!link_up_ || silent_) {
    state_.lifecycle = Lifecycle::kConnecting;
  } else if (refusal_.has_value() || freeze_.frozen()) {
    state_.lifecycle = Lifecycle::kFaulty;
  } else {
    state_.lifecycle = Usable() ? Lifecycle::kActive : Lifecycle::kInactive;
  }
}

Session::Poll* Session::PollOf(const ModbusRequest& request) noexcept {
  for (Poll& poll : Polls()) {
    if (poll.block->address == request.address) return &poll;
  }
  return nullptr;
}

ModbusRequest Session::WriteOf(uint16_t setpoint) const noexcept {
  ModbusRequest request;
  request.unit = unit_;
  request.function = Function::kWriteMultipleRegisters;
  request.address = map_->setpoint_register();
  request.values[0] = setpoint;
  return request;
}

ModbusRequest Session::ReadOf(const ReadBlock& block) const noexcept {
  ModbusRequest request;
  request.unit = unit_;
  request.address = block.address;
  request.count = block.count;
  return request;
}

Nanoseconds Session::PeriodOf(const Poll& poll) const noexcept {
  if (poll.block->power && resting_) return pace_.power_period_at_rest;
  // What keeps the inverter from being used is looked at more often, and so is what has not been seen at all.
  return AcLost() || !poll.answered ? std::min(poll.block->period, Timing::kAwaitedPeriod) : poll.block->period;
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
  return long_try || now < slow_until_ ? pace_.slow_reply : pace_.reply;
}

std::string Session::Trouble(const std::string& port, MonotonicTime now) const {
  if (!link_up_) return "";
  // Not before it has been asked.
  if (silent_ && tries_ == 0) return "";
  if (silent_) {
    return absl::StrCat("no answer from unit ", unit_, " on ", port, ": check power, wiring, baud rate and address");
  }
  const std::optional<Refusal>& refusal = refusal_.has_value() ? refusal_ : minor_refusal_;
  if (refusal.has_value()) {
    return absl::StrCat("unit ", unit_, " on ", port, " refuses register ", refusal->address, ": exception ",
                        refusal->exception, ", ", ModbusExceptionName(refusal->exception),
                        ": is this the inverter that the configuration says?");
  }
  if (obstacle_ != nullptr) return obstacle_;
  if (freeze_.frozen()) return pace_.frozen;
  if (dc_known_ && !state_.dc_voltage.valid) {
    return "the inverter sees no battery: check the DC fuse and switch";
  }
  if (ac_known_ && AcLost()) {
    return "the inverter sees no AC voltage: check its plug and breaker";
  }
  if (foreign_setpoints_ >= kForeignSetpoints) {
    return absl::StrCat("unit ", unit_, " on ", port,
                        " keeps getting other setpoints than ours: is another controller connected to this inverter?");
  }
  if (watch_.NotFollowing(now)) {
    return "the inverter does not deliver what it acknowledged: check battery voltage, temperature and its own limiter";
  }
  return "";
}

}  // namespace abcds::register_inverter
