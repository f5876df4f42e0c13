// The one thread that lets the simulated house live.
#ifndef ABCDS_HAL_DRIVERS_HOUSE_HOUSE_THREAD_H_
#define ABCDS_HAL_DRIVERS_HOUSE_HOUSE_THREAD_H_

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "hal/rt/progress.h"
#include "hal/units/time.h"

namespace abcds::house {

// Calls `step` every 10 ms while anybody holds it, on an absolute grid: simulated time is real time.
class HouseThread {
 public:
  static constexpr Nanoseconds kStep = std::chrono::milliseconds(10);

  explicit HouseThread(std::function<void(MonotonicTime now)> step);
  ~HouseThread();
  HouseThread(const HouseThread&) = delete;
  HouseThread& operator=(const HouseThread&) = delete;

  // Any ordinary thread but this one. The first Hold() starts it; the last Release() ends it, within one step.
  void Hold();
  void Release();

  [[nodiscard]] ThreadProgress progress() const noexcept { return progress_.Now(); }

 private:
  void Run();

  const std::function<void(MonotonicTime now)> step_;
  std::mutex mutex_;
  int holders_ = 0;
  std::atomic<bool> stopping_{false};
  Progress progress_;
  std::thread thread_;
};

}  // namespace abcds::house

#endif  // ABCDS_HAL_DRIVERS_HOUSE_HOUSE_THREAD_H_
