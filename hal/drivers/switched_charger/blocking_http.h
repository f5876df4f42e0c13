// Exchanges with a plug on the caller's own thread, until a deadline.
#ifndef ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_BLOCKING_HTTP_H_
#define ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_BLOCKING_HTTP_H_

#include <signal.h>

#include <functional>
#include <utility>

#include "hal/rt/clock.h"
#include "hal/transport/http_transfer.h"
#include "hal/units/time.h"

namespace abcds::switched_charger {

class BlockingHttp {
 public:
  // A connection that breaks while we write must not end this process: the signal is blocked as long as this lives.
  BlockingHttp(HttpOptions options, MonotonicTime deadline, std::function<bool()> cancelled = nullptr)
      : transfer_(std::move(options)), until_(deadline, std::move(cancelled)) {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before_);
  }
  ~BlockingHttp() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockingHttp(const BlockingHttp&) = delete;
  BlockingHttp& operator=(const BlockingHttp&) = delete;

  // The body lives until the next call.
  [[nodiscard]] HttpReply Run(const char* path) { return transfer_.Run(path, until_); }
  [[nodiscard]] HttpCounters Counters() const { return transfer_.Counters(); }

 private:
  class Until final : public HttpTransfer::Side {
   public:
    Until(MonotonicTime deadline, std::function<bool()> cancelled)
        : deadline_(deadline), cancelled_(std::move(cancelled)) {}
    bool GoesOn() noexcept override { return MonotonicNow() < deadline_ && !(cancelled_ && cancelled_()); }
    MonotonicTime NextDue() noexcept override { return deadline_; }

   private:
    const MonotonicTime deadline_;
    const std::function<bool()> cancelled_;
  };

  HttpTransfer transfer_;
  Until until_;
  sigset_t before_;
};

}  // namespace abcds::switched_charger

#endif  // ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_BLOCKING_HTTP_H_
