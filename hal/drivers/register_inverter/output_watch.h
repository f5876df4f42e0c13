// Judges whether an inverter's output follows its setpoint.
#ifndef ABCDS_HAL_DRIVERS_REGISTER_INVERTER_OUTPUT_WATCH_H_
#define ABCDS_HAL_DRIVERS_REGISTER_INVERTER_OUTPUT_WATCH_H_

#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::register_inverter {

// Pure. A deviation of up to 60 W is the inverter's own business (a weak battery, its tolerance), and so is a larger
// one while it shrinks: nobody has published how fast these inverters ramp.
class OutputWatch {
 public:
  static constexpr Watts kTolerated{60};

  // Off for longer than `rewrite_after`, and again as often, it is to be written; longer than `tell_after`, told.
  OutputWatch(Nanoseconds rewrite_after, Nanoseconds tell_after) noexcept
      : rewrite_after_(rewrite_after), tell_after_(tell_after) {}

  // Another setpoint: everything is judged anew.
  void Reset() noexcept { deviates_ = false; }
  // One reading. True when the setpoint is to be written again.
  [[nodiscard]] bool Judge(Watts power, Watts setpoint, MonotonicTime now) noexcept;
  // It has been off for so long that people should know.
  [[nodiscard]] bool NotFollowing(MonotonicTime now) const noexcept;

 private:
  const Nanoseconds rewrite_after_;
  const Nanoseconds tell_after_;
  bool deviates_ = false;
  MonotonicTime since_ = MonotonicTime::min();
  MonotonicTime rewrite_from_ = MonotonicTime::min();
  Watts deviation_then_;
};

}  // namespace abcds::register_inverter

#endif  // ABCDS_HAL_DRIVERS_REGISTER_INVERTER_OUTPUT_WATCH_H_
