// Times of the conversation with a Mean Well device.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_TIMING_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_TIMING_H_

#include <string_view>

#include "hal/units/time.h"

namespace abcds::meanwell {

struct Timing {
  // The manuals ask for 20 ms between two frames to a device and 5 ms after its answer, which comes within 5 ms.
  static constexpr Nanoseconds kSpacing = std::chrono::milliseconds(25);
  static constexpr Nanoseconds kAfterReply = std::chrono::milliseconds(5);
  static constexpr Nanoseconds kReply = std::chrono::milliseconds(100);
  // With an SLCAN adapter behind a network between them.
  static constexpr Nanoseconds kReplyOverNetwork = std::chrono::milliseconds(300);
  static constexpr int kTries = 3;  // of one question; then the device is offline, or does not know the command

  // While it is silent.
  static constexpr Nanoseconds kRetryFirst = std::chrono::milliseconds(100);
  static constexpr Nanoseconds kRetryLongest = std::chrono::seconds(1);
  // It may hear without being heard: so many times it is told to switch off.
  static constexpr int kBlindOffs = 3;
  // Where it is to be brought to rest: without end, with each question that is this much later than the one before,
  // which comes to about one a second.
  static constexpr Nanoseconds kBlindOffAgain = std::chrono::milliseconds(500);

  // Output on, to FAULT_STATUS saying so: up to 4 s were seen.
  static constexpr Nanoseconds kStarts = std::chrono::seconds(6);
  // A direction must have carried no current for so long before the other one is chosen.
  static constexpr Nanoseconds kDirectionHold = std::chrono::seconds(1);
  // What the original waits for after DIRECTION_CTRL.
  static constexpr Nanoseconds kDirectionSettles = std::chrono::milliseconds(200);
  // The EEPROM-off bit is read back so much later: old firmware takes it at first.
  static constexpr Nanoseconds kConfigSettles = std::chrono::milliseconds(300);
  // A device that did not take a setpoint is asked to again after that.
  static constexpr Nanoseconds kIgnoredAgain = std::chrono::seconds(60);
  // One that says to be something that cannot be used, likewise: an answer may have been damaged.
  static constexpr Nanoseconds kRefusedAgain = std::chrono::seconds(60);
  // One that is off and yet carries current is told again to be off.
  static constexpr Nanoseconds kOffRepeats = std::chrono::seconds(10);

  // Polls keep out of the way of an expected command: a poll may be under way for so long …
  static constexpr Nanoseconds kPollTakes = std::chrono::milliseconds(30);
  // … the command comes so late at most, and so long a poll waits for it.
  static constexpr Nanoseconds kCommandLate = std::chrono::milliseconds(60);
  static constexpr Nanoseconds kPollPatience = std::chrono::milliseconds(600);
};

// `slcan_port`: as CanOptions has it.
[[nodiscard]] inline Nanoseconds ReplyWithin(std::string_view slcan_port) noexcept {
  return slcan_port.starts_with("tcp://") ? Timing::kReplyOverNetwork : Timing::kReply;
}

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_TIMING_H_
