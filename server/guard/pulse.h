// Whether the worker is well: the question that each heartbeat answers.
#ifndef ABCDS_SERVER_GUARD_PULSE_H_
#define ABCDS_SERVER_GUARD_PULSE_H_

#include <cstdint>
#include <optional>

#include "hal/units/time.h"
#include "server/guard/agreement.h"

namespace abcds {

// What is known of the worker's threads now.
struct Vitals {
  Beat phase = Beat::kStarting;
  uint64_t cycles = 0;          // control cycles so far
  MonotonicTime main_alive_at;  // when the main thread last said so
};

// Pure. No beat is the message: a phase that takes too long, a control thread or a main thread that no longer goes on.
class Pulse {
 public:
  // Longer than a start or an end may take, the 5 s that a start waits for its first cycle included.
  static constexpr Nanoseconds kLongestStart = std::chrono::seconds(20);
  static constexpr Nanoseconds kLongestEnd = std::chrono::seconds(4);
  // Far more than the longest period of 200 ms, and short enough for 0 W on the wire 3 s after a control thread hung.
  static constexpr Nanoseconds kCycleStalled = std::chrono::milliseconds(700);
  static constexpr Nanoseconds kMainStalled = std::chrono::seconds(5);

  explicit Pulse(MonotonicTime now) noexcept : phase_since_(now), cycles_since_(now) {}

  [[nodiscard]] std::optional<Beat> At(const Vitals& vitals, MonotonicTime now) noexcept;

 private:
  Beat phase_ = Beat::kStarting;
  MonotonicTime phase_since_;
  uint64_t cycles_ = 0;
  MonotonicTime cycles_since_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_GUARD_PULSE_H_
