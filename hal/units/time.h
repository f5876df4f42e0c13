// Time as the control path uses it: monotonic, in nanoseconds, always handed in. Only hal/rt/clock asks the kernel.
#ifndef ABCDS_HAL_UNITS_TIME_H_
#define ABCDS_HAL_UNITS_TIME_H_

#include <chrono>
#include <cstdint>

namespace abcds {

using Nanoseconds = std::chrono::nanoseconds;

// The kernel's CLOCK_MONOTONIC, or a simulation's. Has no now(): time is an argument, never a side effect.
struct MonotonicEpoch {
  using duration = Nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicEpoch>;
  static constexpr bool is_steady = true;
};
// MonotonicTime::min() stands for "never"; do not subtract it.
using MonotonicTime = std::chrono::time_point<MonotonicEpoch, Nanoseconds>;

// Wall time, for people and logs only.
using WallTime = std::chrono::system_clock::time_point;

constexpr double ToSeconds(Nanoseconds d) { return std::chrono::duration<double>(d).count(); }

constexpr Nanoseconds FromSeconds(double seconds) {
  return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds));
}

}  // namespace abcds

#endif  // ABCDS_HAL_UNITS_TIME_H_
