// The recent past of our own AC power, as an interval at each instant.
#ifndef ABCDS_CONTROL_CORE_POWER_HISTORY_H_
#define ABCDS_CONTROL_CORE_POWER_HISTORY_H_

#include <array>

#include "control/core/interval.h"
#include "hal/units/time.h"

namespace abcds {

// Answers "what was our mean power over that window, at least and at most?" for windows in the last `span`. Keeps running
// integrals of both bounds, so that a mean costs two look-ups.
class PowerHistory {
 public:
  static constexpr int kCapacity = 4096;

  explicit PowerHistory(Nanoseconds span) noexcept;

  // `power` held since the previous call. Times must not go back.
  void Add(MonotonicTime now, PowerInterval power) noexcept;
  // Means of the bounds over [end - width, end]; what lies before the first entry counts like it, what lies after the
  // last like that. A width of 0 gives the bounds at `end`. Empty history: 0 W.
  [[nodiscard]] PowerInterval Mean(MonotonicTime end, Nanoseconds width) const noexcept;
  // All that the power has been in [from, to]. Empty history: 0 W.
  [[nodiscard]] PowerInterval Extremes(MonotonicTime from, MonotonicTime to) const noexcept;
  void Clear() noexcept { count_ = 0; }

 private:
  struct Entry {
    MonotonicTime time;
    double low_joules;   // integrals up to `time`
    double high_joules;
    PowerInterval power; // since the entry before
  };
  struct Integral {
    double low_joules;
    double high_joules;
  };
  [[nodiscard]] const Entry& At(int index) const noexcept { return entries_[(first_ + index) % kCapacity]; }
  // The first entry at or after `when`; count_: none.
  [[nodiscard]] int IndexAt(MonotonicTime when) const noexcept;
  [[nodiscard]] Integral IntegralAt(MonotonicTime when) const noexcept;

  Nanoseconds resolution_;
  std::array<Entry, kCapacity> entries_{};
  int first_ = 0;
  int count_ = 0;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_POWER_HISTORY_H_
