// A Trucki board as the common session sees it: which registers, how often, how patiently.
#ifndef ABCDS_HAL_DRIVERS_TRUCKI_REGISTER_MAP_H_
#define ABCDS_HAL_DRIVERS_TRUCKI_REGISTER_MAP_H_

#include <memory>

#include "hal/drivers/register_inverter/register_map.h"
#include "hal/drivers/trucki/codec.h"
#include "hal/units/time.h"

namespace abcds::trucki {

// Users see 210 ms for a read of all registers and 125 ms for a write; the board's maker waits 1 s. The rest is ours.
struct Timing {
  static constexpr Nanoseconds kReply = std::chrono::milliseconds(600);
  static constexpr Nanoseconds kSlowReply = std::chrono::milliseconds(1000);
  static constexpr Nanoseconds kSlowFrom = std::chrono::milliseconds(400);

  // Twice as often as the inverter's display line brings something new.
  static constexpr Nanoseconds kReadingsPeriod = std::chrono::milliseconds(650);
  static constexpr Nanoseconds kReadingsPeriodAtRest = std::chrono::milliseconds(250);
  static constexpr Nanoseconds kReadbackAge = std::chrono::milliseconds(1300);
  static constexpr Nanoseconds kTemperaturePeriod = std::chrono::seconds(15);
  static constexpr Nanoseconds kPollDuration = std::chrono::milliseconds(220);

  // The board approaches a setpoint in several steps of 1.3 s.
  static constexpr Nanoseconds kRewriteAfter = std::chrono::seconds(5);
  static constexpr Nanoseconds kTellAfter = std::chrono::seconds(15);
};

// `old_firmware`: up to 1.08.
[[nodiscard]] std::unique_ptr<const register_inverter::RegisterMap> MakeRegisterMap(const Traits& traits,
                                                                                    bool old_firmware);

}  // namespace abcds::trucki

#endif  // ABCDS_HAL_DRIVERS_TRUCKI_REGISTER_MAP_H_
