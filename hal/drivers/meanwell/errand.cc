#include "hal/drivers/meanwell/errand.h"

#include <poll.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hal/drivers/meanwell/timing.h"
#include "hal/rt/clock.h"
#include "hal/transport/can_open.h"

namespace abcds::meanwell {
namespace {

// A person waits, and a command that is not carried out because this machine was busy is worse than some seconds.
constexpr Nanoseconds kLineComesUp = std::chrono::seconds(5);
constexpr Nanoseconds kSends = std::chrono::seconds(2);
constexpr int kMorePatience = 3;  // with each try, times
constexpr Nanoseconds kLongestWait = std::chrono::milliseconds(10);

}  // namespace

absl::StatusOr<std::unique_ptr<Errand>> Errand::Open(const Line& line, Family family, uint8_t unit) {
  std::unique_ptr<Errand> errand(new Errand(family, unit, CanLineName(line), ReplyWithin(line.slcan_port)));
  absl::StatusOr<std::unique_ptr<CanAdapter>> adapter = OpenCanAdapter(line, errand->dialogue_.filters());
  if (!adapter.ok()) return adapter.status();
  errand->adapter_ = *std::move(adapter);
  const MonotonicTime deadline = MonotonicNow() + kLineComesUp;
  while (!errand->adapter_->up() && MonotonicNow() < deadline) {
    const auto received = errand->adapter_->Receive(MonotonicNow());
    if (!received.ok()) return received.status();
    errand->WaitUntil(MonotonicNow() + kLongestWait);
  }
  if (errand->adapter_->up()) return errand;
  const std::string trouble = errand->adapter_->trouble();
  return absl::UnavailableError(trouble.empty() ? absl::StrCat("the CAN bus at ", errand->line_, " does not come up")
                                                : trouble);
}

void Errand::WaitUntil(MonotonicTime until) {
  const MonotonicTime now = MonotonicNow();
  const Nanoseconds wait =
      std::clamp<Nanoseconds>(std::min(until, adapter_->NextDue()) - now, Nanoseconds(0), kLongestWait);
  pollfd in{.fd = adapter_->fd(), .events = POLLIN, .revents = 0};
  poll(&in, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count()));
}

absl::Status Errand::Send(const CanFrame& frame) {
  const MonotonicTime deadline = MonotonicNow() + kSends;
  while (MonotonicNow() < deadline) {
    // What still arrives belongs to an earlier question.
    const auto received = adapter_->Receive(MonotonicNow());
    if (!received.ok()) return received.status();
    if (received->has_value()) continue;
    const MonotonicTime now = MonotonicNow();
    if (now >= dialogue_.FreeFrom() && adapter_->ready()) {
      const absl::Status sent = adapter_->Send(frame, now);
      if (sent.ok()) {
        dialogue_.OnSent(frame, now);
        return sent;
      }
      if (!absl::IsResourceExhausted(sent)) return sent;
    }
    WaitUntil(now < dialogue_.FreeFrom() ? dialogue_.FreeFrom() : now + kLongestWait);
  }
  const std::string trouble = adapter_->trouble();
  return absl::UnavailableError(trouble.empty() ? absl::StrCat("the CAN bus at ", line_, " takes no frames") : trouble);
}

absl::StatusOr<std::optional<Message>> Errand::Ask(Command command) {
  if (absl::Status sent = Send(dialogue_.Read(command)); !sent.ok()) return sent;
  for (;;) {
    const MonotonicTime now = MonotonicNow();
    const auto received = adapter_->Receive(now);
    if (!received.ok()) return received.status();
    if (received->has_value()) {
      if (std::optional<Message> answer = dialogue_.OnFrame(**received, now)) return answer;
      continue;
    }
    if (dialogue_.TakeLate(now)) return std::nullopt;
    WaitUntil(dialogue_.Deadline());
  }
}

absl::StatusOr<Message> Errand::Read(Command command) {
  Nanoseconds patience = reply_;
  for (int i = 0; i < Timing::kTries; ++i, patience *= kMorePatience) {
    dialogue_.SetReply(patience);
    auto answer = Ask(command);
    if (!answer.ok()) return answer.status();
    if (!answer->has_value()) continue;
    heard_ = true;
    return **answer;
  }
  if (heard_) return absl::NotFoundError(absl::StrCat("the device does not know ", InfoOf(command).name));
  return absl::UnavailableError(absl::StrFormat(
      "no answer from unit %02X on %s: check its AC supply, the CAN wiring and its address switches", unit_, line_));
}

absl::StatusOr<uint16_t> Errand::Write(Command command, uint16_t raw) {
  if (absl::Status sent = Send(dialogue_.Write(command, raw)); !sent.ok()) return sent;
  written_.push_back(command);
  // Old firmware takes some bits at first, and drops them then.
  const bool config = command == Command::kSystemConfig;
  if (config) SleepUntil(MonotonicNow() + Timing::kConfigSettles);
  const absl::StatusOr<Message> read = Read(command);
  if (!read.ok()) return read.status();
  return read->raw();
}

}  // namespace abcds::meanwell
