// Progress: a thread says each time that it goes on; others see when it no longer does.
#ifndef ABCDS_HAL_RT_PROGRESS_H_
#define ABCDS_HAL_RT_PROGRESS_H_

#include <atomic>

#include "hal/units/time.h"

namespace abcds {

// A thread as others see it. As it is made: one that nobody has to watch, since it does not run.
struct ThreadProgress {
  MonotonicTime went_on_at = MonotonicTime::max();
  MonotonicTime due_at = MonotonicTime::max();  // it will have gone on again by then, or it hangs

  [[nodiscard]] bool Runs() const noexcept { return due_at != MonotonicTime::max(); }
  [[nodiscard]] bool Overdue(MonotonicTime now) const noexcept { return now > due_at; }
};

// One writer, the thread itself; any number of readers. Wait-free.
class Progress {
 public:
  // More than a round of any loop takes that speaks to a device, its longest exchange and a busy machine included.
  static constexpr Nanoseconds kPatience = std::chrono::seconds(5);
  // Where the kernel or a name server may keep the thread for longer: while a line is opened or closed. Nobody else could
  // reach the device by it meanwhile.
  static constexpr Nanoseconds kLongPatience = std::chrono::seconds(60);

  // It goes on, and will say so again within `patience`.
  void GoOn(MonotonicTime now, Nanoseconds patience = kPatience) noexcept {
    went_on_at_.store(now, std::memory_order_relaxed);
    due_at_.store(now + patience, std::memory_order_relaxed);
  }
  // It has ended as it should.
  void End() noexcept {
    went_on_at_.store(MonotonicTime::max(), std::memory_order_relaxed);
    due_at_.store(MonotonicTime::max(), std::memory_order_relaxed);
  }

  [[nodiscard]] ThreadProgress Now() const noexcept {
    return {went_on_at_.load(std::memory_order_relaxed), due_at_.load(std::memory_order_relaxed)};
  }

 private:
  std::atomic<MonotonicTime> went_on_at_{MonotonicTime::max()};
  std::atomic<MonotonicTime> due_at_{MonotonicTime::max()};
};

}  // namespace abcds

#endif  // ABCDS_HAL_RT_PROGRESS_H_
