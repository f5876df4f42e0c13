// How long to wait before opening a line again.
#ifndef ABCDS_HAL_TRANSPORT_REOPEN_PAUSE_H_
#define ABCDS_HAL_TRANSPORT_REOPEN_PAUSE_H_

#include <algorithm>
#include <cstdint>

#include "hal/units/time.h"

namespace abcds {

// Doubling pauses, each drawn from its upper half: several buses that lost their adapters together do not retry in step.
// Pure but for its own random numbers.
class ReopenPause {
 public:
  struct Limits {
    Nanoseconds first = std::chrono::milliseconds(200);
    // A local line is looked for often, which costs a few system calls: a device whose adapter is out runs on with its
    // last setpoint.
    Nanoseconds longest = std::chrono::seconds(1);
  };

  ReopenPause(const Limits& limits, uint64_t seed) : limits_(limits), next_(limits.first), random_(seed | 1) {}

  [[nodiscard]] Nanoseconds Next() noexcept {
    random_ ^= random_ << 13;  // xorshift
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    const Nanoseconds half = next_ / 2;
    next_ = std::min(2 * next_, limits_.longest);
    return half + Nanoseconds(static_cast<int64_t>(random_ % static_cast<uint64_t>(half.count() + 1)));
  }
  // The line has proved good: the next pause is the first again.
  void Reset() noexcept { next_ = limits_.first; }

 private:
  const Limits limits_;
  Nanoseconds next_;
  uint64_t random_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_REOPEN_PAUSE_H_
