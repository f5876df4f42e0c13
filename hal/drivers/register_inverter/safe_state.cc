#include "hal/drivers/register_inverter/safe_state.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/drivers/register_inverter/readings.h"
#include "hal/drivers/register_inverter/session.h"
#include "hal/rt/clock.h"
#include "hal/transport/modbus_port.h"
#include "hal/units/line_owner.h"

namespace abcds::register_inverter {
namespace {

constexpr Nanoseconds kReopen = std::chrono::milliseconds(100);
// An inverter that has just started shows little while it rises to full power: it must be seen at rest for longer than
// its readings can be old. Where those are older than this, the session itself waits for one that can know.
constexpr Nanoseconds kSettled = std::chrono::milliseconds(500);

// True once the inverter has rested for `settled`; false when the port was lost or the time is over.
bool Converse(Session& session, ModbusPort& port, Nanoseconds settled, MonotonicTime deadline) {
  session.OnLink(true, MonotonicNow());
  MonotonicTime rests_since = MonotonicTime::max();
  for (MonotonicTime now = MonotonicNow(); now < deadline; now = MonotonicNow()) {
    rests_since = session.AtRest() ? std::min(rests_since, now) : MonotonicTime::max();
    if (rests_since <= now - settled) return true;
    std::optional<ModbusClient::Due> due = session.NextRequest(now);
    if (!due.has_value()) {
      SleepUntil(std::min(deadline, session.NextDue(now)));
      continue;
    }
    due->request.timeout = std::min(due->request.timeout, deadline - now);
    MonotonicTime sent_at;
    const ModbusReply reply = port.Execute(due->request, sent_at);
    now = MonotonicNow();
    session.OnReply(due->request, reply, sent_at, now);
    if (reply.result != ModbusResult::kLinkLost) continue;
    session.OnLink(false, now);
    return false;
  }
  return false;
}

absl::Status NotConfirmed(const Session& session, const std::string& port, const absl::Status& link) {
  if (!link.ok()) return link;
  const std::string trouble = session.Trouble(port, MonotonicNow());
  const ConverterState& state = session.state();
  if (state.lifecycle != Lifecycle::kConnecting && state.power.valid && Magnitude(state.power.value) >= kOffBelow) {
    return absl::DeadlineExceededError(absl::StrCat("was told 0 W and still delivers ",
                                                    std::lround(Magnitude(state.power.value).value()), " W: check it"));
  }
  return absl::UnavailableError(trouble.empty() ? absl::StrCat("no confirmation of 0 W on ", port, " in time")
                                                : trouble);
}

}  // namespace

absl::Status CommandSafeState(std::unique_ptr<const RegisterMap> map, uint8_t unit, const std::string& port, int baud,
                              MonotonicTime deadline) {
  const Nanoseconds settled = std::max(kSettled - map->pace().readback_age, Nanoseconds(0));
  // The session's own order of things: 0 W first, short waits, late answers told apart, read-back.
  Session session(std::move(map), unit);
  session.Rest();
  absl::Status link;
  do {
    absl::StatusOr<std::unique_ptr<ModbusPort>> opened = ModbusPort::Open({.port = port, .baud = baud});
    link = opened.status();
    // A daemon commands the inverter, or no retry can help. Another program may be gone in a moment.
    if (OwnerOf(link) == LineOwner::kDaemon || absl::IsInvalidArgument(link)) return link;
    if (opened.ok()) {
      if (Converse(session, **opened, settled, deadline)) return absl::OkStatus();
    }
    SleepUntil(std::min(deadline, MonotonicNow() + kReopen));
  } while (MonotonicNow() < deadline);
  return NotConfirmed(session, port, link);
}

}  // namespace abcds::register_inverter
