// Judges whether an inverter's output follows its setpoint.
#ifndef ABCDS_HAL_DRIVERS_LUMENTREE_OUTPUT_WATCH_H_
#define ABCDS_HAL_DRIVERS_LUMENTREE_OUTPUT_WATCH_H_

#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::lumentree {

// Pure. A deviation of up to 60 W is the inverter's own business (a weak battery, its tolerance), and so is a larger
// one while it shrinks: nobody has published how fast these inverters ramp.
class OutputWatch {
 public:
  static constexpr Watts kTolerated{60};

  // Another setpoint: everything is judged anew.
  void Reset() noexcept { deviates_ = false; }
  // One reading. True when the setpoint is to be written again: off for more than 2 s, and again every 2 s.
  [[nodiscard]] bool Judge(Watts power, Watts setpoint, MonotonicTime now) noexcept;
  // It has been off for so long that people should know.
  [[nodiscard]] bool NotFollowing(MonotonicTime now) const noexcept;

 private:
  bool deviates_ = false;
  MonotonicTime since_ = MonotonicTime::min();
  MonotonicTime rewrite_from_ = MonotonicTime::min();
  Watts deviation_then_;
};

}  // namespace abcds::lumentree

#endif  // ABCDS_HAL_DRIVERS_LUMENTREE_OUTPUT_WATCH_H_
