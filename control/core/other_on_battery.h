// What else charges and discharges the battery: a solar charge controller, lamps.
#ifndef ABCDS_CONTROL_CORE_OTHER_ON_BATTERY_H_
#define ABCDS_CONTROL_CORE_OTHER_ON_BATTERY_H_

#include "control/core/power_window.h"
#include "control/core/types.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// A limit of the battery's current is one for all that hangs on it. What our converters certainly do not explain of the
// measured current is somebody else's, and not ours to use. Ours is known as an interval only (efficiency, the age of
// the current); the estimate moves to its nearest edge, so neither noise nor a step of our own is taken for others.
class OtherOnBattery {
 public:
  // Sensors' errors and the consumption of converters at rest: so much is nobody else.
  static constexpr Watts kExplained{40};

  // Each cycle. `own`: all that our converters may be putting into the battery, silent ones included; DC, + charges.
  void Update(const BatteryInput& battery, PowerInterval own, MonotonicTime now) noexcept;
  // DC, + charges. 0 W without a BMS that measures the current.
  [[nodiscard]] Watts power() const noexcept { return power_; }

 private:
  PowerWindow own_;
  MonotonicTime heard_at_ = MonotonicTime::min();  // the newest sample of the current
  Watts power_;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_OTHER_ON_BATTERY_H_
