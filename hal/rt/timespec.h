// Lengths of time as ppoll() and its kin want them.
#ifndef ABCDS_HAL_RT_TIMESPEC_H_
#define ABCDS_HAL_RT_TIMESPEC_H_

#include <algorithm>
#include <ctime>

#include "hal/units/time.h"

namespace abcds {

// 0 for what has passed already.
[[nodiscard]] inline timespec ToTimespec(Nanoseconds duration) noexcept {
  const Nanoseconds left = std::max(duration, Nanoseconds(0));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  return {.tv_sec = static_cast<time_t>(seconds.count()), .tv_nsec = static_cast<long>((left - seconds).count())};
}

}  // namespace abcds

#endif  // ABCDS_HAL_RT_TIMESPEC_H_
