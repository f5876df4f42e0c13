#include "hal/drivers/jk_bms/session.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "hal/drivers/jk_bms/bad_news.h"

namespace abcds::jk_bms {
namespace {

template <class Q>
Sample<Q> SampleOf(const std::optional<Q>& value, MonotonicTime at) {
  return {.value = value.value_or(Q()), .taken_at = at, .valid = value.has_value()};
}

// What the board reports is where it trips, some seconds later. Operation stays this far below: room for the errors of
// its shunt, and of what converters make of their setpoint.
constexpr double kOperatingShareOfTrip = 0.9;

// A limit of 0 is a knob that nobody has turned, not a command to stand still: permissions do that.
std::optional<Amperes> LimitOf(const std::optional<uint16_t>& trip_a) {
  if (!trip_a.has_value() || *trip_a == 0) return std::nullopt;
  return Amperes(*trip_a) * kOperatingShareOfTrip;
}

BatteryState StateOf(const Status& status, MonotonicTime at) {
  const auto [lowest, highest] =
      std::minmax_element(status.cell_mv.begin(), status.cell_mv.begin() + static_cast<ptrdiff_t>(status.cells));
  // The app's T2 is the battery; T1 is a second probe on most boards and lies in the box on some: it only widens.
  std::optional<Celsius> low = status.battery_temperature;
  std::optional<Celsius> high = low;
  if (status.temperature_sensors.value_or(1) >= 2 && status.box_temperature.has_value()) {
    low = std::min(low.value_or(*status.box_temperature), *status.box_temperature);
    high = std::max(high.value_or(*status.box_temperature), *status.box_temperature);
  }
  return {.voltage = {status.voltage, at, true},
          .current = SampleOf(status.current, at),
          .soc = {Ratio(status.soc_percent / 100.0), at, true},
          .cell_lowest = {Volts(*lowest / 1000.0), at, true},
          .cell_highest = {Volts(*highest / 1000.0), at, true},
          .temperature_lowest = SampleOf(low, at),
          .temperature_highest = SampleOf(high, at),
          .charge_current_limit = SampleOf(LimitOf(status.charge_overcurrent_a), at),
          .discharge_current_limit = SampleOf(LimitOf(status.discharge_overcurrent_a), at),
          .charge_allowed = ChargeAllowed(status),
          .discharge_allowed = DischargeAllowed(status),
          .lifecycle = Lifecycle::kActive};
}

}  // namespace

Counters Session::counters() const noexcept {
  Counters counters = counters_;
  counters.damaged_frames = scanner_.damaged();
  counters.checksum_errors = scanner_.bad_sums();
  counters.skipped_bytes = scanner_.skipped();
  return counters;
}

std::optional<ByteRequest> Session::NextRequest(MonotonicTime now) noexcept {
  if (!link_up_ || now < due_at_) return std::nullopt;
  waking_ = unanswered_in_row_ >= Timing::kUnansweredToWake && now >= wake_not_before_;
  const auto& frame = waking_ ? kActivate : kReadAll;
  ByteRequest request;
  std::copy(frame.begin(), frame.end(), request.bytes.begin());
  request.size = frame.size();
  request.quiet = Timing::kByteGap;
  return request;
}

MonotonicTime Session::NextDue(MonotonicTime now) noexcept {
  JudgeSilence(now);
  return link_up_ ? due_at_ : MonotonicTime::max();
}

void Session::OnSent(MonotonicTime now) noexcept {
  sent_at_ = now;
  last_byte_at_ = now;
  heard_bytes_ = 0;
  scanner_.Clear();
  damage_seen_ = scanner_.damaged();
  if (retries_ == 0 && confirmations_ == 0) poll_started_at_ = now;
  if (waking_) {
    wake_not_before_ = now + Timing::kWakePeriod;
    ++counters_.wake_ups;
  } else {
    ++counters_.requests;
  }
}

MonotonicTime Session::ReplyDeadline() const noexcept {
  const MonotonicTime latest = sent_at_ + (waking_ ? Timing::kWake : Timing::kReply);
  if (!scanner_.pending()) return latest;
  return std::min(last_byte_at_ + Timing::kByteGap, latest + Timing::kTail);
}

bool Session::OnBytes(std::span<const uint8_t> bytes, MonotonicTime now) noexcept {
  heard_bytes_ += bytes.size();
  last_byte_at_ = now;
  scanner_.Push(bytes);
  while (const auto frame = scanner_.Next()) {
    if (TakeFrame(*frame, now)) return true;
  }
  NoteDamage(now);
  if (now < sent_at_ + Timing::kReply + Timing::kTail || waking_) return false;
  // Somebody talks without end: this exchange must not last as long.
  return OnDeadline(now);
}

bool Session::OnDeadline(MonotonicTime now) noexcept {
  while (const auto frame = scanner_.NextOfRest()) {
    if (TakeFrame(*frame, now)) return true;
  }
  NoteDamage(now);
  if (heard_bytes_ > 0) judge_.OnOutcome(false);
  Fail(now);
  return false;
}

void Session::NoteDamage(MonotonicTime now) noexcept {
  if (scanner_.damaged() == damage_seen_) return;
  damage_seen_ = scanner_.damaged();
  judge_.OnDamage(now);
}

// True when the exchange is over with it.
bool Session::TakeFrame(std::span<const uint8_t> frame, MonotonicTime now) noexcept {
  NoteDamage(now);
  if (TransportTypeOf(frame) == static_cast<uint8_t>(TransportType::kRequest)) {
    ++counters_.echoes;
    heard_bytes_ -= frame.size();
    return false;
  }
  Status status;
  const DecodeResult result = DecodeStatus(frame, options_.codec, status);
  if (result == DecodeResult::kOtherCommand) {
    ++counters_.foreign_frames;
    if (!waking_) return false;
    // It is awake.
    unanswered_in_row_ = 0;
    PlanNextPoll(now);
    return true;
  }
  unanswered_in_row_ = 0;
  judge_.OnOutcome(result == DecodeResult::kOk);
  if (result != DecodeResult::kOk) {
    // A right sum over nonsense: damage that the sum does not see.
    ++counters_.malformed;
    judge_.OnDamage(now);
    Fail(now);
    return true;
  }
  TakeStatus(status, now);
  return true;
}

void Session::TakeStatus(const Status& status, MonotonicTime now) noexcept {
  counters_.unknown_identifiers += status.unknown_identifier.has_value() ? 1 : 0;
  const bool right_cells = !options_.cells.has_value() || status.cells == *options_.cells;
  if (!right_cells || !IsPlausible(status)) {
    ++counters_.implausible;
    implausible_ = status;
    HeedPermissions(ChargeAllowed(status), DischargeAllowed(status), state_);
    // Once is damage. Again and again it is what the BMS means.
    if (++implausible_in_row_ >= Timing::kImplausibleToFault) state_.lifecycle = Lifecycle::kFaulty;
    PlanNextPoll(now);
    return;
  }
  if (!judge_.Believe(status, now)) {
    ++counters_.unconfirmed;
    HeedWorse(StateOf(status, sent_at_), state_);
    if (confirmations_ < Timing::kQuickConfirmations) {
      ++confirmations_;
      due_at_ = now + Timing::kPause;
    } else {
      PlanNextPoll(now);
    }
    return;
  }
  Accept(status);
  PlanNextPoll(now);
}

void Session::Accept(const Status& status) noexcept {
  // The values are no older than the question.
  state_ = StateOf(status, sent_at_);
  status_ = status;
  ++counters_.samples;
  contact_at_ = sent_at_;
  implausible_in_row_ = 0;
  unreadable_in_row_ = 0;
}

void Session::Fail(MonotonicTime now) noexcept {
  const bool heard = heard_bytes_ > 0;
  if (heard) {
    ++unreadable_in_row_;
  } else {
    ++counters_.unanswered;
    ++unanswered_in_row_;
  }
  JudgeSilence(now);
  const int most = heard ? Timing::kRetriesOfDamage : Timing::kRetriesOfSilence;
  if (!waking_ && retries_ < most) {
    ++retries_;
    due_at_ = now + Timing::kPause;
    return;
  }
  PlanNextPoll(now);
}

// On a fixed grid: never a burst to catch up.
void Session::PlanNextPoll(MonotonicTime now) noexcept {
  retries_ = 0;
  confirmations_ = 0;
  due_at_ = std::max(poll_started_at_ + Timing::kPoll, now + Timing::kPause);
}

void Session::JudgeSilence(MonotonicTime now) noexcept {
  if (state_.lifecycle != Lifecycle::kActive && state_.lifecycle != Lifecycle::kFaulty) return;
  // A faulty one still answers, without values that count.
  if (state_.lifecycle == Lifecycle::kFaulty && unanswered_in_row_ < Timing::kUnansweredToWake) return;
  if (state_.lifecycle == Lifecycle::kActive && now - contact_at_ < Timing::kOffline) return;
  state_.lifecycle = Lifecycle::kConnecting;
  implausible_in_row_ = 0;
  ++counters_.contacts_lost;
}

void Session::OnLink(bool up, MonotonicTime now) noexcept {
  link_up_ = up;
  scanner_.Clear();
  retries_ = 0;
  confirmations_ = 0;
  unanswered_in_row_ = 0;
  waking_ = false;
  due_at_ = now;
  if (up || state_.lifecycle == Lifecycle::kConnecting) return;
  state_.lifecycle = Lifecycle::kConnecting;
  ++counters_.contacts_lost;
}

std::string Session::Trouble(const std::string& port) const {
  if (!link_up_) return "";
  const std::string who = absl::StrCat("the BMS at ", port);
  if (implausible_in_row_ >= Timing::kImplausibleToFault) {
    if (options_.cells.has_value() && implausible_.cells != *options_.cells) {
      return absl::StrCat(who, " has ", implausible_.cells, " cells and the configuration ", *options_.cells,
                          ": is it the right one?");
    }
    return absl::StrCat(who, " reports ", Implausible(implausible_), "; its values are not used");
  }
  if (unanswered_in_row_ >= Timing::kUnansweredToWake) {
    return absl::StrCat(who,
                        " does not answer: is it on, is its UART set to the 4E57 protocol at 115200 baud, are the "
                        "two wires swapped?");
  }
  if (!state_.voltage.valid) {
    if (unreadable_in_row_ < Timing::kUnansweredToWake) return "";
    return absl::StrCat("what comes from ", port,
                        " is no reply of a JK BMS: is another protocol or baud rate set in its app, is it another "
                        "device, or the cable bad?");
  }
  if (state_.lifecycle != Lifecycle::kActive) {
    return absl::StrCat("the answers of ", who, " arrive damaged: check its cable, or who else talks on this line");
  }
  if (status_.warnings != 0) return absl::StrCat(who, " warns: ", WarningText(status_.warnings));
  if (!state_.charge_allowed || !state_.discharge_allowed) {
    return absl::StrCat(who, " has switched ",
                        state_.charge_allowed      ? "discharging"
                        : state_.discharge_allowed ? "charging"
                                                   : "charging and discharging",
                        " off");
  }
  return "";
}

}  // namespace abcds::jk_bms
