#include "hal/drivers/meanwell/polls.h"

#include <algorithm>
#include <span>

#include "hal/units/check.h"

namespace abcds::meanwell {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using enum Command;

struct Row {
  Command command;
  bool required;
  Nanoseconds running;  // 0: once
  Nanoseconds resting;
};

// In the order of identification: what decides whether the device may be used at all comes first.
constexpr Row kRows[] = {
    {kMfrModelB0B5, true, 0s, 0s},        {kMfrModelB6B11, true, 0s, 0s},    {kScalingFactor, true, 0s, 0s},
    {kSystemConfig, true, 60s, 15s},      {kCurveConfig, true, 60s, 15s},    {kBidirectionalConfig, true, 60s, 15s},
    {kFaultStatus, true, 500ms, 1s},      {kMfrSerialB0B5, false, 0s, 0s},   {kMfrSerialB6B11, false, 0s, 0s},
    {kMfrRevision, false, 0s, 0s},        {kReadVout, true, 500ms, 1s},      {kReadIout, true, 200ms, 1s},
    {kVoutSet, true, 15s, 30s},           {kIoutSet, true, 15s, 30s},        {kDirectionCtrl, true, 15s, 30s},
    {kReverseVoutSet, true, 15s, 30s},    {kReverseIoutSet, true, 15s, 30s}, {kOperation, true, 2s, 2s},
    {kReadTemperature1, false, 10s, 15s}, {kReadVin, false, 10s, 15s},       {kSystemStatus, false, 10s, 15s},
    {kReadFanSpeed1, false, 30s, 60s},    {kReadFanSpeed2, false, 30s, 60s},
};

}  // namespace

Polls::Polls(Family family) noexcept {
  for (const Row& row : kRows) {
    if (!Knows(family, InfoOf(row.command))) continue;
    ABCDS_CHECK(count_ < kMost);
    polls_[count_++] = {.command = row.command,
                        .identity = row.running == 0s,
                        .required = row.required,
                        .running = row.running,
                        .resting = row.resting};
  }
}

Polls::Poll* Polls::Find(Command command) noexcept {
  const auto end = polls_.begin() + static_cast<std::ptrdiff_t>(count_);
  auto* const found = std::find_if(polls_.begin(), end, [&](const Poll& poll) { return poll.command == command; });
  return found == end ? nullptr : found;
}

void Polls::StartOver(MonotonicTime now) noexcept {
  for (Poll& poll : polls_) {
    poll.known = poll.hasty = false;
    poll.read_at = now;
  }
}

void Polls::Skip(Command command) noexcept {
  if (Poll* poll = Find(command); poll != nullptr) poll->support = Poll::Support::kNone;
}

std::optional<Command> Polls::NextOfIdentity() const noexcept {
  for (const Poll& poll : std::span(polls_).first(count_)) {
    if (poll.known || poll.support == Poll::Support::kNone || poll.support == Poll::Support::kDoubtful) continue;
    return poll.command;
  }
  return std::nullopt;
}

std::optional<Command> Polls::NextHasty() const noexcept {
  for (const Poll& poll : std::span(polls_).first(count_)) {
    if (poll.hasty) return poll.command;
  }
  return std::nullopt;
}

Polls::Next Polls::NextOfWatch(bool running) const noexcept {
  Next next;
  for (const Poll& poll : std::span(polls_).first(count_)) {
    const bool asked = poll.support != Poll::Support::kNone && poll.support != Poll::Support::kDoubtful;
    if (poll.identity || !asked) continue;
    const MonotonicTime due_at = poll.hasty ? poll.read_at : poll.read_at + (running ? poll.running : poll.resting);
    if (due_at < next.due_at) next = {.command = poll.command, .due_at = due_at};
  }
  return next;
}

void Polls::OnAnswer(Command command, MonotonicTime now) noexcept {
  for (Poll& poll : polls_) {
    if (poll.support == Poll::Support::kDoubtful) poll.support = Poll::Support::kNone;
  }
  Poll* poll = Find(command);
  if (poll == nullptr) return;
  poll->support = Poll::Support::kAnswered;
  poll->known = true;
  poll->hasty = false;
  poll->read_at = now;
}

bool Polls::OnSilence(Command command) noexcept {
  Poll* poll = Find(command);
  // What has been answered once is there.
  if (poll == nullptr || poll->required || poll->support == Poll::Support::kAnswered) return false;
  poll->support = Poll::Support::kDoubtful;
  return true;
}

void Polls::OnContactLost() noexcept {
  for (Poll& poll : polls_) {
    if (poll.support == Poll::Support::kDoubtful) poll.support = Poll::Support::kUnknown;
  }
}

void Polls::Hasten(Command command) noexcept {
  if (Poll* poll = Find(command); poll != nullptr) poll->hasty = true;
}

}  // namespace abcds::meanwell
