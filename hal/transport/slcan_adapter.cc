#include "hal/transport/slcan_adapter.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"

namespace abcds {
namespace {

// A line is at most 32 bytes: an adapter that does not take them in this time is stuck.
constexpr Nanoseconds kLongestWrite = std::chrono::milliseconds(500);
constexpr Nanoseconds kLongestFarewell = std::chrono::milliseconds(50);
constexpr int kMostAttempts = 3;
// An adapter that has not acknowledged so many frames in a row does not acknowledge at all. Waiting out the full time
// after each frame would slow the bus down for nothing.
constexpr int kDoesNotAcknowledge = 3;
constexpr Nanoseconds kWithoutAcknowledgement = std::chrono::milliseconds(5);
// The MCP2515 of a USBtin and its kin has three.
constexpr int kMostBuffers = 3;

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

absl::StatusOr<std::unique_ptr<SlcanAdapter>> SlcanAdapter::Create(std::unique_ptr<ByteStream> line, std::string port,
                                                                   int bitrate, std::span<const CanFilter> filters,
                                                                   const SlcanTiming& timing) {
  const std::optional<char> digit = SlcanRateDigit(bitrate);
  if (!digit.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(bitrate, " bit/s is not a rate that the adapter at ", port,
                                                   " can be set to: use 125000, 250000 or 500000"));
  }
  std::unique_ptr<SlcanAdapter> adapter(
      new SlcanAdapter(std::move(line), std::move(port), bitrate, *digit, filters, timing));
  if (absl::Status begun = adapter->Settle(MonotonicNow()); !begun.ok()) return begun;
  return adapter;
}

SlcanAdapter::SlcanAdapter(std::unique_ptr<ByteStream> line, std::string port, int bitrate, char rate_digit,
                           std::span<const CanFilter> filters, const SlcanTiming& timing)
    : line_(std::move(line)),
      port_(std::move(port)),
      bitrate_(bitrate),
      rate_digit_(rate_digit),
      filters_(filters.begin(), filters.end()),
      timing_(timing) {}

SlcanAdapter::~SlcanAdapter() {
  // Closing the line throws away what has not left it yet, so the answer is waited for.
  const MonotonicTime limit = MonotonicNow() + kLongestFarewell;
  if (!line_->Write(Bytes("C\r"), limit).ok()) return;
  while (MonotonicNow() < limit) {
    const absl::StatusOr<size_t> got = line_->Read(buffer_, limit);
    if (!got.ok()) return;
    const std::span<const uint8_t> bytes = std::span<const uint8_t>(buffer_).first(*got);
    for (const uint8_t byte : bytes) {
      const std::optional<SlcanEvent> event = parser_.Push(byte);
      if (event.has_value() && event->kind == SlcanEvent::Kind::kDone) return;
    }
  }
}

absl::StatusOr<std::optional<CanFrame>> SlcanAdapter::Receive(MonotonicTime now) {
  for (;;) {
    if (used_ == read_) {
      const absl::StatusOr<size_t> got = line_->Read(buffer_, now);
      if (!got.ok()) return got.status();
      used_ = 0;
      read_ = *got;
      if (read_ == 0) break;
      sent_unheard_ = 0;
    }
    const std::optional<SlcanEvent> event = parser_.Push(buffer_[used_++]);
    if (!event.has_value()) continue;
    if (event->kind != SlcanEvent::Kind::kFrame) {
      if (absl::Status status = OnEvent(*event, now); !status.ok()) return status;
    } else if (stage_ == Stage::kOpen) {
      trouble_.clear();
      if (!Wanted(event->frame)) continue;
      ++counters_.received;
      return event->frame;
    }
  }
  if (absl::Status status = OnTime(now); !status.ok()) return status;
  return std::nullopt;
}

MonotonicTime SlcanAdapter::NextDue() const {
  if (stage_ != Stage::kOpen) return stage_ends_at_;
  MonotonicTime due = MonotonicTime::max();
  if (under_way_.has_value()) due = under_way_->decide_at;
  if (sent_unheard_ > 1) due = std::min(due, unheard_since_ + timing_.hang);
  return due;
}

absl::Status SlcanAdapter::Send(const CanFrame& frame, MonotonicTime now) {
  if (!ready()) return absl::ResourceExhaustedError(absl::StrCat(port_, " is busy"));
  const SlcanLine line = EncodeSlcan(frame);
  if (absl::Status written = Write(line.bytes(), now); !written.ok()) return written;
  ++counters_.sent;
  if (sent_unheard_++ == 0) unheard_since_ = now;
  const bool acknowledges = unacknowledged_in_a_row_ < kDoesNotAcknowledge;
  under_way_ = {.line = line, .decide_at = now + (acknowledges ? timing_.acknowledgement : kWithoutAcknowledgement)};
  return absl::OkStatus();
}

absl::Status SlcanAdapter::OnEvent(const SlcanEvent& event, MonotonicTime now) {
  using Kind = SlcanEvent::Kind;
  if (stage_ == Stage::kSettling || stage_ == Stage::kRecovering) return absl::OkStatus();
  if (event.kind == Kind::kGarbled) ++counters_.garbled;
  if (stage_ != Stage::kOpen) {
    if (event.kind == Kind::kDone || event.kind == Kind::kRefused) return OnAnswer(event.kind == Kind::kDone, now);
    return absl::OkStatus();
  }
  if (event.kind == Kind::kSent || event.kind == Kind::kDone) OnAcknowledged();
  if (event.kind == Kind::kRefused) return OnRefusedFrame(now);
  return absl::OkStatus();
}

// Whatever the adapter was doing, it is off the bus and its line is empty after this.
absl::Status SlcanAdapter::Settle(MonotonicTime now) {
  ++attempts_;
  parser_.Reset();
  under_way_.reset();
  stage_ = Stage::kSettling;
  stage_ends_at_ = now + timing_.settling * (1 << (attempts_ - 1));
  return Write(Bytes("\r\r\rC\r"), now);
}

absl::Status SlcanAdapter::EnterStage(Stage stage, const char* command, MonotonicTime now) {
  stage_ = stage;
  stage_ends_at_ = now + timing_.answer;
  return Write(Bytes(command), now);
}

void SlcanAdapter::EnterOpen() {
  stage_ = Stage::kOpen;
  attempts_ = 0;
  sent_unheard_ = 0;
  unacknowledged_in_a_row_ = 0;
}

// The adapter has answered the command of this stage, or its time for that is over, which may be its way.
absl::Status SlcanAdapter::OnAnswer(bool done, MonotonicTime now) {
  const char rate[] = {'S', rate_digit_, '\r', '\0'};
  switch (stage_) {
    case Stage::kSettling:
      parser_.Reset();  // half a line of the former user's is no part of the answer
      return EnterStage(Stage::kRate, rate, now);
    case Stage::kRate:
      return done ? EnterStage(Stage::kTimestamps, "Z0\r", now) : OnRefusedCommand(now);
    case Stage::kTimestamps:
      return EnterStage(Stage::kOpening, "O\r", now);
    case Stage::kOpening:
      if (!done) return OnRefusedCommand(now);
      EnterOpen();
      return absl::OkStatus();
    case Stage::kOpen:
    case Stage::kRecovering:
      break;
  }
  return absl::OkStatus();
}

absl::Status SlcanAdapter::OnRefusedCommand(MonotonicTime now) {
  if (attempts_ < kMostAttempts) return Settle(now);
  return absl::UnavailableError(stage_ == Stage::kRate
                                    ? absl::StrCat("the adapter at ", port_, " refuses ", bitrate_,
                                                   " bit/s: is it an SLCAN adapter that has this rate?")
                                    : absl::StrCat("the adapter at ", port_, " does not open its CAN channel"));
}

absl::Status SlcanAdapter::OnRefusedFrame(MonotonicTime now) {
  // Late, of a frame that was already given up.
  if (!under_way_.has_value() || under_way_->refused) return absl::OkStatus();
  ++counters_.refused;
  if (under_way_->refusals < timing_.refused_most) {
    ++under_way_->refusals;
    under_way_->refused = true;
    under_way_->decide_at = now + timing_.refused_pause;
    return absl::OkStatus();
  }
  ++counters_.unconfirmed;
  under_way_.reset();
  trouble_ = absl::StrCat("nobody on the CAN bus at ", port_, " takes frames: check the cable, the termination, ",
                          bitrate_, " bit/s, and that the device has power");
  acknowledged_since_trouble_ = 0;
  stage_ = Stage::kRecovering;
  stage_ends_at_ = now + timing_.recovery;
  return absl::OkStatus();
}

void SlcanAdapter::OnAcknowledged() {
  // One without a frame under way is late: the adapter does acknowledge.
  unacknowledged_in_a_row_ = 0;
  if (!under_way_.has_value() || under_way_->refused) return;
  under_way_.reset();
  // An adapter also acknowledges what only its empty buffers take.
  if (++acknowledged_since_trouble_ > kMostBuffers) trouble_.clear();
}

absl::Status SlcanAdapter::OnTime(MonotonicTime now) {
  if (stage_ != Stage::kOpen) {
    if (now < stage_ends_at_) return absl::OkStatus();
    return stage_ == Stage::kRecovering ? Settle(now) : OnAnswer(true, now);
  }
  if (sent_unheard_ > 1 && now >= unheard_since_ + timing_.hang) {
    return absl::UnavailableError(
        absl::StrCat("the adapter at ", port_, " does not answer: is it an SLCAN adapter? If it hangs, unplug it"));
  }
  if (!under_way_.has_value() || now < under_way_->decide_at) return absl::OkStatus();
  if (under_way_->refused) {
    under_way_->refused = false;
    under_way_->decide_at = now + timing_.acknowledgement;
    return Write(under_way_->line.bytes(), now);
  }
  ++counters_.unconfirmed;
  ++unacknowledged_in_a_row_;
  under_way_.reset();
  return absl::OkStatus();
}

absl::Status SlcanAdapter::Write(std::span<const uint8_t> bytes, MonotonicTime now) {
  const absl::Status written = line_->Write(bytes, now + kLongestWrite);
  // Also a line that takes no bytes is of no use until it is opened again.
  return written.ok() ? written : absl::UnavailableError(written.message());
}

bool SlcanAdapter::Wanted(const CanFrame& frame) const {
  return std::ranges::any_of(filters_, [&frame](const CanFilter& filter) { return filter.Passes(frame); });
}

}  // namespace abcds
