#include "hal/drivers/meanwell/safe_state.h"

#include <poll.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/transport/can_adapter.h"

namespace abcds::meanwell {
namespace {

constexpr Nanoseconds kReopen = std::chrono::milliseconds(100);
// For the serial number that a write is counted under.
constexpr Nanoseconds kForTheAccount = std::chrono::milliseconds(600);
constexpr Nanoseconds kLongestWait = std::chrono::milliseconds(20);

void WaitFor(const CanAdapter& adapter, MonotonicTime until) {
  const Nanoseconds wait = std::clamp<Nanoseconds>(until - MonotonicNow(), Nanoseconds(0), kLongestWait);
  pollfd in{.fd = adapter.fd(), .events = POLLIN, .revents = 0};
  const auto wait_ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  poll(&in, 1, static_cast<int>(wait_ms));
}

// OK once the device rests; otherwise why the line ended, or DeadlineExceeded.
absl::Status Converse(Session& session, CanAdapter& adapter, MonotonicTime deadline) {
  bool up = false;
  MonotonicTime rests_since = MonotonicTime::max();
  for (MonotonicTime now = MonotonicNow(); now < deadline; now = MonotonicNow()) {
    if (adapter.up() != up) {
      up = adapter.up();
      session.OnLink(up, now);
    }
    for (;;) {
      auto frame = adapter.Receive(MonotonicNow());
      if (!frame.ok()) {
        session.OnLink(false, now);
        return frame.status();
      }
      if (!frame->has_value()) break;
      if (session.Filters().front().Passes(**frame)) session.OnFrame(**frame, MonotonicNow());
    }
    if (session.AtRest()) {
      rests_since = std::min(rests_since, now);
      if (session.memory().unassigned() == 0 || now - rests_since > kForTheAccount) return absl::OkStatus();
    }
    if (up && adapter.ready()) {
      if (const std::optional<CanFrame> frame = session.NextFrame(now)) {
        const absl::Status sent = adapter.Send(*frame, now);
        if (sent.ok()) {
          session.OnSent(*frame, now);
          continue;
        }
        if (!absl::IsResourceExhausted(sent)) return sent;
      }
    }
    WaitFor(adapter, std::min({deadline, adapter.NextDue(), session.NextDue(now)}));
  }
  return session.AtRest() ? absl::OkStatus() : absl::DeadlineExceededError(adapter.trouble());
}

absl::Status NotConfirmed(const Session& session, const Options& options, const absl::Status& line) {
  if (!absl::IsDeadlineExceeded(line) || !line.message().empty()) return absl::UnavailableError(line.message());
  const bool answers = session.state().lifecycle != Lifecycle::kConnecting;
  const std::string trouble = session.Trouble();
  if (answers) {
    return absl::DeadlineExceededError(
        absl::StrCat("was told to switch off and does not confirm it", trouble.empty() ? "" : ": ", trouble));
  }
  return absl::UnavailableError(trouble.empty() ? absl::StrCat("no answer on ", options.label, " in time") : trouble);
}

}  // namespace

absl::Status CommandSafeState(const Options& options, const Line& line, MonotonicTime deadline) {
  // The session's own order of things, without anything after it: off, read back, confirmed.
  Session session(options);
  session.Rest();
  absl::Status ended;
  do {
    absl::StatusOr<std::unique_ptr<CanAdapter>> adapter = OpenCanAdapter(line, session.Filters());
    ended = adapter.status();
    // Its owner commands the device, or no retry can help.
    if (absl::IsFailedPrecondition(ended) || absl::IsInvalidArgument(ended)) {
      session.SettleAccount();
      return ended;
    }
    if (adapter.ok()) {
      ended = Converse(session, **adapter, deadline);
      if (ended.ok()) break;
    }
    SleepUntil(std::min(deadline, MonotonicNow() + kReopen));
  } while (MonotonicNow() < deadline);
  session.SettleAccount();
  return ended.ok() ? ended : NotConfirmed(session, options, ended);
}

}  // namespace abcds::meanwell
