// How a bus's thread waits: for its waker, its line and the next due time at once.
#ifndef ABCDS_HAL_TRANSPORT_WAIT_READABLE_H_
#define ABCDS_HAL_TRANSPORT_WAIT_READABLE_H_

#include "hal/rt/waker.h"
#include "hal/units/time.h"

namespace abcds {

// Waits until `fd` is readable (or has an error, which the next read tells), somebody wakes `waker`, or `until`
// (MonotonicTime::max(): for ever). True when `fd` is readable. Swallows wakes.
[[nodiscard]] bool WaitReadable(Waker& waker, int fd, MonotonicTime until) noexcept;
// The same without a waker.
[[nodiscard]] bool WaitReadable(int fd, MonotonicTime until) noexcept;

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_WAIT_READABLE_H_
