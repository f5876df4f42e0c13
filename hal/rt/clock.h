// The only place that asks the kernel for the time.
#ifndef ABCDS_HAL_RT_CLOCK_H_
#define ABCDS_HAL_RT_CLOCK_H_

#include "hal/units/time.h"

namespace abcds {

// CLOCK_MONOTONIC. Any thread, also real-time: a vDSO call without a system call.
[[nodiscard]] MonotonicTime MonotonicNow() noexcept;

// How far CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC: the time spent in suspend since boot. When it grows, every sample
// from before is older than it looks.
[[nodiscard]] Nanoseconds SuspendedTime() noexcept;

// Sleeps until the absolute time `when`, again after a signal. Returns at once when it has passed.
void SleepUntil(MonotonicTime when) noexcept;

}  // namespace abcds

#endif  // ABCDS_HAL_RT_CLOCK_H_
