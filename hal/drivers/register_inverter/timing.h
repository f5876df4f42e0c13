// The times of the conversation that do not depend on the inverter.
#ifndef ABCDS_HAL_DRIVERS_REGISTER_INVERTER_TIMING_H_
#define ABCDS_HAL_DRIVERS_REGISTER_INVERTER_TIMING_H_

#include "hal/units/time.h"

namespace abcds::register_inverter {

// All are choices of ours; no inverter documents any.
struct Timing {
  // One that is slower than its kind is worked with at its own pace: found by a longer wait at every fourth try, and
  // granted for a while after each slow answer.
  static constexpr Nanoseconds kSlowFor = std::chrono::seconds(60);
  static constexpr int kTriesPerSlowOne = 4;
  // An answer that came too late is not told from the next one: replies name no register.
  static constexpr Nanoseconds kLateReply = std::chrono::seconds(1);
  static constexpr Nanoseconds kRetryFirst = std::chrono::milliseconds(100);
  // Short: an inverter that comes back may run at full power until it hears 0 W.
  static constexpr Nanoseconds kRetryLongest = std::chrono::seconds(1);
  static constexpr Nanoseconds kRefusedRetry = std::chrono::milliseconds(500);

  // What keeps the inverter from being used is looked at this often at least.
  static constexpr Nanoseconds kAwaitedPeriod = std::chrono::seconds(2);

  // No watchdog is known, but AC that came back unseen has reset the setpoint.
  static constexpr Nanoseconds kRefresh = std::chrono::seconds(5);
  static constexpr Nanoseconds kMinimumInterval = std::chrono::milliseconds(500);
  static constexpr Nanoseconds kZeroRepeat = std::chrono::seconds(1);
  // A setpoint register that reads otherwise than acknowledged: from when on it is believed, and how often it is put
  // right while it is not 0 W.
  static constexpr Nanoseconds kSetpointSettles = std::chrono::milliseconds(200);
  static constexpr Nanoseconds kSetpointAgain = std::chrono::seconds(2);
  static constexpr Nanoseconds kSetpointUndisturbed = std::chrono::seconds(10);

  // Polls keep one poll's time on the wire away from the expected change of the command before it, and some patience
  // after it, but no poll waits longer than `kPollPatience`.
  static constexpr Nanoseconds kChangePatience = std::chrono::milliseconds(60);
  static constexpr Nanoseconds kPollPatience = std::chrono::milliseconds(1500);
};

}  // namespace abcds::register_inverter

#endif  // ABCDS_HAL_DRIVERS_REGISTER_INVERTER_TIMING_H_
