#include "hal/rt/clock.h"

#include <cerrno>
#include <ctime>

namespace abcds {
namespace {

Nanoseconds Read(clockid_t clock) noexcept {
  timespec t{};
  clock_gettime(clock, &t);
  return std::chrono::seconds(t.tv_sec) + Nanoseconds(t.tv_nsec);
}

}  // namespace

MonotonicTime MonotonicNow() noexcept { return MonotonicTime(Read(CLOCK_MONOTONIC)); }

Nanoseconds SuspendedTime() noexcept {
  // Monotonic first: a preemption between the two calls can then only make the difference larger than it is, and never
  // hides a suspend; callers compare against a threshold of a second.
  const Nanoseconds monotonic = Read(CLOCK_MONOTONIC);
  return Read(CLOCK_BOOTTIME) - monotonic;
}

void SleepUntil(MonotonicTime when) noexcept {
  const Nanoseconds since_epoch = when.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_epoch);
  timespec t{};
  t.tv_sec = static_cast<time_t>(seconds.count());
  t.tv_nsec = static_cast<long>((since_epoch - seconds).count());
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) == EINTR) {
  }
}

}  // namespace abcds
