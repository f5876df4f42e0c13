// The worker's side of the heartbeat pipe.
#ifndef ABCDS_SERVER_GUARD_HEART_H_
#define ABCDS_SERVER_GUARD_HEART_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "hal/units/time.h"
#include "server/guard/agreement.h"
#include "server/guard/pulse.h"

namespace abcds {

// An ordinary thread that writes a beat every 100 ms while the worker is well. It starts in the phase kStarting.
class Heart {
 public:
  // `fd`: a pipe's write end, non-blocking, not owned; -1: nobody listens, and no thread is started.
  explicit Heart(int fd);
  ~Heart();
  Heart(const Heart&) = delete;
  Heart& operator=(const Heart&) = delete;

  // From now on it follows the control cycle, counted by `cycles` (called from the heart's thread), and MainIsAlive().
  void Run(std::function<uint64_t()> cycles);
  void MainIsAlive() noexcept;
  // The control cycle is about to be ended on purpose.
  void End() noexcept;

 private:
  void Beats();

  const int fd_;
  std::atomic<bool> stopping_{false};
  std::atomic<Beat> phase_{Beat::kStarting};
  std::atomic<MonotonicTime> main_alive_at_;
  std::mutex mutex_;
  std::function<uint64_t()> cycles_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_GUARD_HEART_H_
