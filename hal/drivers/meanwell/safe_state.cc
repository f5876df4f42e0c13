#include "hal/drivers/meanwell/safe_state.h"

#include <poll.h>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/transport/can_adapter.h"
#include "hal/units/line_owner.h"

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

struct Unit {
  Unit(const Options& unit_options, size_t unit_index) : options(unit_options), index(unit_index), session(options) {
    session.Rest();
  }

  // At rest, and with an account for what was written.
  [[nodiscard]] bool Done(MonotonicTime now) {
    if (!session.AtRest()) return false;
    rests_since = std::min(rests_since, now);
    return session.memory().unassigned() == 0 || now - rests_since > kForTheAccount;
  }

  const Options& options;
  const size_t index;
  Session session;
  MonotonicTime rests_since = MonotonicTime::max();
};

// The units that have not confirmed yet, in the order in which they may speak next.
using Open = std::list<Unit>;

std::vector<CanFilter> FiltersOf(const Open& open) {
  std::vector<CanFilter> filters;
  for (const Unit& unit : open) {
    const std::span<const CanFilter> more = unit.session.Filters();
    filters.insert(filters.end(), more.begin(), more.end());
  }
  return filters;
}

void TellLink(Open& open, bool up, MonotonicTime now) {
  for (Unit& unit : open) unit.session.OnLink(up, now);
}

// Everything that has arrived.
absl::Status Hear(Open& open, CanAdapter& adapter) {
  for (;;) {
    const auto frame = adapter.Receive(MonotonicNow());
    if (!frame.ok()) return frame.status();
    if (!frame->has_value()) return absl::OkStatus();
    for (Unit& unit : open) {
      if (unit.session.Filters().front().Passes(**frame)) unit.session.OnFrame(**frame, MonotonicNow());
    }
  }
}

// One frame of the first unit that has one; that unit is the last one then.
absl::StatusOr<bool> Say(Open& open, CanAdapter& adapter, MonotonicTime now) {
  for (auto unit = open.begin(); unit != open.end(); ++unit) {
    const std::optional<CanFrame> frame = unit->session.NextFrame(now);
    if (!frame.has_value()) continue;
    const absl::Status sent = adapter.Send(*frame, now);
    if (absl::IsResourceExhausted(sent)) return false;
    if (!sent.ok()) return sent;
    unit->session.OnSent(*frame, now);
    open.splice(open.end(), open, unit);
    return true;
  }
  return false;
}

void SettleConfirmed(Open& open, MonotonicTime now, const SafeStateReport& report) {
  for (auto unit = open.begin(); unit != open.end();) {
    if (!unit->Done(now)) {
      ++unit;
      continue;
    }
    unit->session.SettleAccount();
    report(unit->index, absl::OkStatus());
    unit = open.erase(unit);
  }
}

// Until nobody is left open: OK, or why the line ended, or DeadlineExceeded.
absl::Status Converse(Open& open, CanAdapter& adapter, MonotonicTime deadline, const SafeStateReport& report) {
  bool up = false;
  for (MonotonicTime now = MonotonicNow(); now < deadline; now = MonotonicNow()) {
    if (adapter.up() != up) {
      up = adapter.up();
      TellLink(open, up, now);
    }
    if (absl::Status heard = Hear(open, adapter); !heard.ok()) {
      TellLink(open, false, now);
      return heard;
    }
    SettleConfirmed(open, now, report);
    if (open.empty()) return absl::OkStatus();
    MonotonicTime until = std::min(deadline, adapter.NextDue());
    if (up && adapter.ready()) {
      const absl::StatusOr<bool> said = Say(open, adapter, now);
      if (!said.ok()) return said.status();
      if (*said) continue;
      for (Unit& unit : open) until = std::min(until, unit.session.NextDue(now));
    }
    WaitFor(adapter, until);
  }
  return absl::DeadlineExceededError(adapter.trouble());
}

absl::Status NotConfirmed(const Unit& unit, const absl::Status& line) {
  if (!absl::IsDeadlineExceeded(line) || !line.message().empty()) return absl::UnavailableError(line.message());
  const bool answers = unit.session.state().lifecycle != Lifecycle::kConnecting;
  const std::string trouble = unit.session.Trouble();
  if (answers) {
    return absl::DeadlineExceededError(
        absl::StrCat("was told to switch off and does not confirm it", trouble.empty() ? "" : ": ", trouble));
  }
  return absl::UnavailableError(trouble.empty() ? absl::StrCat("no answer on ", unit.options.label, " in time")
                                                : trouble);
}

}  // namespace

void CommandSafeState(const std::vector<Options>& units, const Line& line, MonotonicTime deadline,
                      const SafeStateReport& report) {
  // The session's own order of things, without anything after it: off, read back, confirmed.
  Open open;
  for (const Options& options : units) open.emplace_back(options, open.size());
  absl::Status ended;
  bool hopeless = false;
  do {
    const absl::StatusOr<std::unique_ptr<CanAdapter>> adapter = OpenCanAdapter(line, FiltersOf(open));
    ended = adapter.status();
    // A daemon commands the devices, or no retry can help. Another program may be gone in a moment.
    hopeless = OwnerOf(ended) == LineOwner::kDaemon || absl::IsInvalidArgument(ended);
    if (adapter.ok()) ended = Converse(open, **adapter, deadline, report);
    if (!open.empty() && !hopeless) SleepUntil(std::min(deadline, MonotonicNow() + kReopen));
  } while (!open.empty() && !hopeless && MonotonicNow() < deadline);
  for (Unit& unit : open) {
    unit.session.SettleAccount();
    report(unit.index, hopeless ? ended : NotConfirmed(unit, ended));
  }
}

}  // namespace abcds::meanwell
