#include "hal/drivers/switched_charger/safe_state.h"

#include <algorithm>

#include "hal/drivers/switched_charger/blocking_http.h"
#include "hal/drivers/switched_charger/session.h"
#include "hal/rt/clock.h"
#include "hal/units/line_owner.h"

namespace abcds::switched_charger {
namespace {

constexpr Nanoseconds kClaimAgain = std::chrono::milliseconds(100);

}  // namespace

absl::Status CommandSafeState(const SwitchedChargerOptions& options, MonotonicTime deadline) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  absl::StatusOr<OwnedFd> claim = ClaimPlug(options);
  // A daemon that runs commands the plug; a safe state or an ending one may be gone in a moment.
  while (OwnerOf(claim.status()) == LineOwner::kOther && MonotonicNow() < deadline) {
    SleepUntil(std::min(deadline, MonotonicNow() + kClaimAgain));
    claim = ClaimPlug(options);
  }
  if (!claim.ok()) return claim.status();
  // The session's own order of things, without anything after it: off, looked at, confirmed.
  Session session(SessionOf(options));
  session.Rest();
  BlockingHttp http(ServerOf(options), deadline);
  while (!session.AtRest() && MonotonicNow() < deadline) {
    const HttpRequest request = session.NextRequest(MonotonicNow());
    if (request.due > MonotonicNow()) {
      SleepUntil(std::min(request.due, deadline));
      continue;
    }
    const HttpReply reply = http.Run(request.path);
    session.OnReply(reply, MonotonicNow());
  }
  if (session.AtRest()) return absl::OkStatus();
  DeviceDetails details;
  session.Describe(MonotonicNow(), details);
  const bool answered = http.Counters().replies > 0;
  const std::string sentence = details.trouble.empty() ? "did not confirm in time that it is off" : details.trouble;
  return answered ? absl::DeadlineExceededError(sentence) : absl::UnavailableError(sentence);
}

}  // namespace abcds::switched_charger
