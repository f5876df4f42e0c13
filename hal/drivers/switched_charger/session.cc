#include "hal/drivers/switched_charger/session.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "hal/text/excerpt.h"

namespace abcds::switched_charger {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kRefreshes = 4;    // within the device's own time
constexpr Nanoseconds kRelaySettles = milliseconds(300);
// A single lost packet of a radio link must not cost a relay's click.
constexpr int kFailuresUntilLost = 2;
// A plug that has no room for a further login says so at once: it lives, and has not done what it was told.
constexpr int kBusyUntilLost = 4;
constexpr Nanoseconds kRepeat = seconds(1);
// It may lock out who asks too often with a wrong password.
constexpr Nanoseconds kLoginPause = seconds(10);
constexpr Nanoseconds kThrottledPause = milliseconds(2500);
constexpr Nanoseconds kRefusedPause = seconds(60);
constexpr Nanoseconds kNoDrawPause = minutes(5);
constexpr Nanoseconds kForeignTold = seconds(60);
constexpr int kDisobedient = 2;

Nanoseconds PauseAfter(const HttpReply& reply, int failures) noexcept {
  if (reply.fault == HttpFault::kThrottled) return std::max(reply.retry_after, kThrottledPause);
  if (failures < kFailuresUntilLost) return Nanoseconds(0);
  return std::max(IsLoginRefused(reply.fault) ? kLoginPause : kRepeat, reply.retry_after);
}

}  // namespace

Session::Session(const SessionOptions& options) : options_(options), power_(options.charger, options.starts_within) {
  for (size_t i = 0; i < paths_.size(); ++i) {
    paths_.at(i) = PathOf(options.requests, static_cast<Question>(i));
  }
}

const char* Session::PathFor(Question question) const noexcept { return paths_[static_cast<size_t>(question)].c_str(); }

void Session::SetCommand(const ConverterCommand& command) noexcept {
  command_ = command;
  power_.OnLearned(command.learned);
}

void Session::Rest() noexcept {
  if (resting_) return;
  resting_ = true;
  told_.reset();
  seen_off_ = false;
}

bool Session::Has(Question question) const noexcept { return *PathFor(question) != '\0'; }

bool Session::Commanded(MonotonicTime now) const noexcept {
  // Written so that what is not a number is off.
  return now < command_.expires_at && command_.power > power_.on_above();
}

MonotonicTime Session::AllowedFrom() const noexcept { return std::max(on_allowed_at_, blocked_until_); }

bool Session::WantsOn(MonotonicTime now) const noexcept {
  const bool known = told_ == true || (told_ == false && seen_off_);
  return !resting_ && contact_ && known && Commanded(now) && now >= AllowedFrom();
}

Session::Next Session::Plan(MonotonicTime now) const noexcept {
  const bool wants_on = WantsOn(now);
  const Nanoseconds auto_off = options_.requests.auto_off;
  if (!wants_on && told_ != false) return {Question::kOff, ask_at_};
  if (contact_ && !timer_set_ && Has(Question::kTimer)) return {Question::kTimer, ask_at_};
  if (wants_on && told_ != true) return {Question::kOn, ask_at_};
  MonotonicTime change_at = MonotonicTime::max();  // when this plan must be made anew
  if (told_ == true) {
    change_at = command_.expires_at;
    if (auto_off > Nanoseconds(0)) {
      const MonotonicTime refresh_at = told_at_ + auto_off / kRefreshes;
      if (now >= refresh_at) return {Question::kOn, ask_at_};
      change_at = std::min(change_at, refresh_at);
    }
  } else if (Commanded(now)) {
    change_at = AllowedFrom() > now ? AllowedFrom() : change_at;
  }
  const bool meter = meter_at_ < look_at_;
  const MonotonicTime look_at = std::max(meter ? meter_at_ : look_at_, ask_at_);
  return {meter ? Question::kPower : Question::kState, std::min(look_at, change_at)};
}

HttpRequest Session::NextRequest(MonotonicTime now) noexcept {
  const Next next = Plan(now);
  asked_ = next.question;
  return {.due = next.due, .path = PathFor(next.question)};
}

bool Session::Abandons(MonotonicTime now) const noexcept {
  if (asked_ == Question::kOff || asked_ == Question::kOn) return false;
  const Next next = Plan(now);
  return next.question == Question::kOff && next.due <= now;
}

void Session::OnReply(const HttpReply& reply, MonotonicTime now) {
  if (reply.fault != HttpFault::kNone) return OnFailure(reply, now);
  const Decoded decoded = Decode(options_.requests.kind, options_.requests.relay, asked_, reply.body);
  if (asked_ == Question::kTimer && !decoded.login_refused) timer_set_ = true;  // or has none: asked once
  if (decoded.refusal != Refusal::kNone) return OnRefusal(decoded, reply.body, now);
  failures_ = 0;
  last_fault_ = HttpFault::kNone;
  last_refusal_ = Refusal::kNone;
  ask_at_ = now;
  const Reading& reading = decoded.reading;
  switch (asked_) {
    case Question::kOff:
    case Question::kOn:
      return OnTold(asked_ == Question::kOn, reading, now);
    case Question::kState:
      return OnSeen(reading.on.value_or(true), reading, now);
    case Question::kPower:
      meter_at_ = MonotonicTime::max();
      last_reading_.power = reading.power;
      last_reading_.voltage = reading.voltage;
      if (reading.power) power_.OnMetered(*reading.power, now);
      return;
    case Question::kTimer:
    case Question::kCount:
      return;
  }
}

void Session::OnFailure(const HttpReply& reply, MonotonicTime now) {
  ++faults_[static_cast<size_t>(reply.fault)];
  last_fault_ = reply.fault;
  last_refusal_ = Refusal::kNone;
  ++failures_;
  ask_at_ = now + PauseAfter(reply, failures_);
  OnNoAnswer(now);
}

void Session::OnRefusal(const Decoded& decoded, std::string_view body, MonotonicTime now) {
  if (decoded.login_refused) {
    HttpReply refused;
    refused.fault = HttpFault::kAuth;
    return OnFailure(refused, now);
  }
  ++refused_[static_cast<size_t>(decoded.refusal)];
  if (asked_ == Question::kTimer) return;
  last_fault_ = HttpFault::kNone;
  last_refusal_ = decoded.refusal;
  last_refused_ = Excerpt(body);
  ++failures_;
  ask_at_ = now + (failures_ < kFailuresUntilLost ? Nanoseconds(0) : kRepeat);
  OnNoAnswer(now);
}

void Session::OnNoAnswer(MonotonicTime now) {
  const bool busy = last_fault_ == HttpFault::kThrottled;
  // Whether it has heard an "on" is unknown, so that it is told off before anything else.
  const bool unknown = asked_ == Question::kOn && told_ != true && !busy;
  if (!unknown && failures_ < (busy ? kBusyUntilLost : kFailuresUntilLost)) return;
  // It may still hear us.
  if (contact_ && !IsLoginRefused(last_fault_) && !busy) ask_at_ = now;
  LoseContact();
}

void Session::LoseContact() noexcept {
  contact_ = false;
  told_.reset();
  seen_off_ = false;
  timer_set_ = false;
  acknowledged_ = {};
  power_.Forget();
}

void Session::OnTold(bool on, const Reading& reading, MonotonicTime now) {
  // What it says in its answer is already a look at the relay, where it says it.
  if (reading.on && *reading.on != on) {
    told_.reset();
    if (on) return BlockUntil(now + kRefusedPause, Block::kRefused);
    ++disobeyed_;
    ask_at_ = now + kRepeat;
    return;
  }
  told_at_ = now;
  if (told_ == on) return;
  told_ = on;
  seen_off_ = false;
  switched_at_ = now;
  look_at_ = now + kRelaySettles;
  meter_at_ = MonotonicTime::max();
  if (on) {
    ++switched_on_;
  } else {
    on_allowed_at_ = now + options_.shortest_rest;
  }
}

void Session::OnSeen(bool on, const Reading& reading, MonotonicTime now) {
  last_reading_ = reading;
  look_at_ = now + options_.interval;
  if (on && Has(Question::kPower)) meter_at_ = now;
  power_.OnSeen(on, told_ == true ? switched_at_ : MonotonicTime::min(), reading.power, now);
  if (told_ == true && on) {
    acknowledged_ = {power_.step(), now, true};
    if (power_.draws_nothing()) BlockUntil(now + kNoDrawPause, Block::kNoDraw);
  } else if (told_ == true) {
    ++found_switched_;
    told_.reset();
    const bool refused = reading.overloaded || now - switched_at_ < options_.interval;
    BlockUntil(now + kRefusedPause, refused ? Block::kRefused : Block::kSwitchedOff);
  } else if (on) {
    if (seen_off_) {
      ++found_switched_;
      foreign_until_ = now + kForeignTold;
    } else {
      ++disobeyed_;
    }
    told_.reset();
    seen_off_ = false;
    if (disobeyed_ > 0) ask_at_ = now + kRepeat;
  } else {
    if (!contact_) ready_at_ = on_allowed_at_;
    seen_off_ = true;
    contact_ = true;
    disobeyed_ = 0;
    acknowledged_ = {Watts(0), now, true};
  }
}

void Session::BlockUntil(MonotonicTime until, Block why) noexcept {
  blocked_until_ = until;
  block_ = why;
}

ConverterState Session::StateAt(MonotonicTime now) const noexcept {
  ConverterState state;
  state.power = power_.flows();
  state.acknowledged = acknowledged_;
  state.max_charge = power_.step();
  state.min_charge = power_.step();
  state.power_assumed = power_.assumed();
  const bool answers = last_fault_ >= HttpFault::kRedirect || last_refusal_ != Refusal::kNone;
  if (disobeyed_ >= kDisobedient || now < blocked_until_ || (!contact_ && answers)) {
    state.lifecycle = Lifecycle::kFaulty;
  } else if (!contact_) {
    state.lifecycle = Lifecycle::kConnecting;
  } else {
    state.lifecycle = now < ready_at_ ? Lifecycle::kInactive : Lifecycle::kActive;
  }
  return state;
}

void Session::Describe(MonotonicTime now, DeviceDetails& details) const {
  details.identity["model"] = KindName(options_.requests.kind);
  details.identity["address"] = options_.address;
  details.identity["relay"] = absl::StrCat(options_.requests.relay);
  details.readings["charger_power_w"] = power_.step().value();
  if (power_.assumed()) {
    details.identity["charger_power"] =
        power_.learned() ? "learned from the battery's current"
                         : "assumed; the battery's current shows it after some switchings on and off";
  }
  if (power_.flows().valid) details.readings["power_w"] = power_.flows().value.value();
  if (last_reading_.on) details.readings["relay_on"] = *last_reading_.on ? 1 : 0;
  if (last_reading_.voltage) details.readings["ac_voltage_v"] = last_reading_.voltage->value();
  if (last_reading_.temperature) details.readings["temperature_c"] = last_reading_.temperature->value();
  details.counters["switched_on"] = switched_on_;
  details.counters["found_switched"] = found_switched_;
  for (size_t i = 1; i < faults_.size(); ++i) {
    details.counters[absl::StrCat("failed_", HttpFaultName(static_cast<HttpFault>(i)))] = faults_.at(i);
  }
  for (size_t i = 1; i < refused_.size(); ++i) {
    details.counters[absl::StrCat("refused_", RefusalName(static_cast<Refusal>(i)))] = refused_.at(i);
  }
  details.trouble = Trouble(now);
}

std::string Session::Trouble(MonotonicTime now) const {
  const std::string plug = absl::StrCat("the plug at ", options_.address, " ");
  if (last_fault_ != HttpFault::kNone) return absl::StrCat(plug, HttpFaultText(last_fault_));
  if (last_refusal_ != Refusal::kNone) {
    return absl::StrCat(plug, "answers \"", last_refused_, "\", which is not what a ", KindName(options_.requests.kind),
                        " says about relay ", options_.requests.relay, ": are kind and relay right?");
  }
  if (disobeyed_ >= kDisobedient) {
    return absl::StrCat(plug, "stays on although it is told to switch off: pull it out; its relay may be welded");
  }
  if (now < blocked_until_) {
    switch (block_) {
      case Block::kRefused:
        return absl::StrCat(plug, "did not stay on when told: is it overloaded or locked? Tried again in a minute");
      case Block::kSwitchedOff:
        return absl::StrCat(plug, "was switched off by somebody or something else: on again in a minute");
      case Block::kNoDraw:
        return absl::StrCat(plug, "is on, and nothing is drawn: is the charger connected, or the battery full? Tried ",
                            "again in five minutes");
      case Block::kNone:
        break;
    }
  }
  if (now < foreign_until_) {
    return absl::StrCat(plug, "was switched on by somebody or something else, and was switched off again: leave it ",
                        "to this system alone");
  }
  return "";
}

}  // namespace abcds::switched_charger
