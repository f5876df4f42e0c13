#include "server/main/shutdown.h"

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "hal/rt/clock.h"
#include "hal/units/line_owner.h"
#include "server/guard/agreement.h"

namespace abcds {
namespace {

// Waits until `done` has been written to; false when `limit` has passed. Without a guard a signal meanwhile ends the
// process at once; a guard is asked for that itself, and hands down more than one signal without meaning it (its own
// death is one).
bool AwaitOrQuit(int done, Nanoseconds limit, const Running& running) {
  const MonotonicTime end = MonotonicNow() + limit;
  int signal = 0;
  do {
    signal = running.signals.Wait(done, end - MonotonicNow());
    if (signal == 0 || running.guarded) continue;
    running.log.Error("ended at once by a second signal; the converters may not have confirmed 0 W");
    _exit(128 + signal);
  } while (signal != 0);
  eventfd_t count = 0;
  return eventfd_read(done, &count) == 0;
}

}  // namespace

void Shutdown(const Running& running, bool asked) {
  // Who finds a line taken now may wait for it.
  prctl(PR_SET_NAME, kEndingProcess);
  const int done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
  std::atomic<bool> confirmed{false};
  std::thread([&running, &confirmed, done] {
    confirmed = running.daemon.StopPlant();
    static_cast<void>(eventfd_write(done, 1));
    running.daemon.EndPlant();
    running.keeper.Stop();
    running.daemon.EndStreams();
    static_cast<void>(eventfd_write(done, 1));
  }).detach();
  if (!AwaitOrQuit(done, std::chrono::seconds(3), running)) {
    running.log.Error("not all converters have confirmed 0 W within 3 s; check them");
    _exit(kExitUnconfirmed);
  }
  if (confirmed && !running.observes) running.log.Info("all converters are at 0 W");
  static_cast<void>(AwaitOrQuit(done, std::chrono::milliseconds(500), running));
  running.log.Info("stopped");
  // Not exit(): joining network threads takes seconds, and nothing of them needs it.
  _exit(confirmed && asked ? kExitOk : kExitUnconfirmed);
}

}  // namespace abcds
