// A measurement: a value with its time and its validity. There are no magic values for "unknown".
#ifndef ABCDS_HAL_UNITS_SAMPLE_H_
#define ABCDS_HAL_UNITS_SAMPLE_H_

#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

template <class Q>
struct Sample {
  Q value;
  MonotonicTime taken_at = MonotonicTime::min();
  bool valid = false;  // false until the first good frame, and while the device says that it does not know

  // The one question control asks. NaN and infinity count as unusable.
  [[nodiscard]] bool UsableAt(MonotonicTime now, Nanoseconds max_age) const noexcept {
    return valid && IsFinite(value) && now - taken_at <= max_age;
  }
};

}  // namespace abcds

#endif  // ABCDS_HAL_UNITS_SAMPLE_H_
