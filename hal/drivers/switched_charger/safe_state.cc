#include "hal/drivers/switched_charger/safe_state.h"

#include <signal.h>

#include <algorithm>

#include "hal/drivers/switched_charger/session.h"
#include "hal/rt/clock.h"
#include "hal/transport/http_transfer.h"

namespace abcds::switched_charger {
namespace {

class Until final : public HttpTransfer::Side {
 public:
  explicit Until(MonotonicTime deadline) : deadline_(deadline) {}
  bool GoesOn() noexcept override { return MonotonicNow() < deadline_; }
  MonotonicTime NextDue() noexcept override { return deadline_; }

 private:
  const MonotonicTime deadline_;
};

// A connection that breaks while we write must not end this process.
class PipeSignalBlocked {
 public:
  PipeSignalBlocked() noexcept {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before_);
  }
  ~PipeSignalBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  PipeSignalBlocked(const PipeSignalBlocked&) = delete;
  PipeSignalBlocked& operator=(const PipeSignalBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

absl::Status CommandSafeState(const SwitchedChargerOptions& options, MonotonicTime deadline) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  const PipeSignalBlocked blocked;
  // The session's own order of things, without anything after it: off, looked at, confirmed.
  Session session(SessionOf(options));
  session.Rest();
  HttpTransfer transfer(ServerOf(options));
  Until side(deadline);
  while (!session.AtRest() && MonotonicNow() < deadline) {
    const HttpRequest request = session.NextRequest(MonotonicNow());
    if (request.due > MonotonicNow()) {
      SleepUntil(std::min(request.due, deadline));
      continue;
    }
    const HttpReply reply = transfer.Run(request.path, side);
    session.OnReply(reply, MonotonicNow());
  }
  if (session.AtRest()) return absl::OkStatus();
  DeviceDetails details;
  session.Describe(MonotonicNow(), details);
  const bool answered = transfer.Counters().replies > 0;
  const std::string sentence = details.trouble.empty() ? "did not confirm in time that it is off" : details.trouble;
  return answered ? absl::DeadlineExceededError(sentence) : absl::UnavailableError(sentence);
}

}  // namespace abcds::switched_charger
