// A Lumentree as the common session sees it: which registers, how often, how patiently.
#ifndef ABCDS_HAL_DRIVERS_LUMENTREE_REGISTER_MAP_H_
#define ABCDS_HAL_DRIVERS_LUMENTREE_REGISTER_MAP_H_

#include <memory>

#include "hal/drivers/lumentree/codec.h"
#include "hal/drivers/register_inverter/register_map.h"
#include "hal/drivers/register_inverter/timing.h"
#include "hal/units/time.h"

namespace abcds::lumentree {

// Choices of ours; the inverter documents none.
struct Timing : register_inverter::Timing {
  // A reply comes within 20 ms; the inverter's own limit is 1 s, too long to hold up a command.
  static constexpr Nanoseconds kReply = std::chrono::milliseconds(300);
  // For one that takes longer (another firmware, a gateway).
  static constexpr Nanoseconds kSlowReply = std::chrono::milliseconds(900);
  static constexpr Nanoseconds kSlowFrom = std::chrono::milliseconds(200);

  static constexpr Nanoseconds kPowerPeriod = std::chrono::milliseconds(250);
  static constexpr Nanoseconds kPowerPeriodAtRest = std::chrono::milliseconds(100);
  static constexpr Nanoseconds kDcVoltagePeriod = std::chrono::seconds(2);
  static constexpr Nanoseconds kSlowPeriod = std::chrono::seconds(15);
  // At 9600 baud.
  static constexpr Nanoseconds kPollDuration = std::chrono::milliseconds(45);

  static constexpr Nanoseconds kRewriteAfter = std::chrono::seconds(2);
  static constexpr Nanoseconds kTellAfter = std::chrono::seconds(10);
};

[[nodiscard]] std::unique_ptr<const register_inverter::RegisterMap> MakeRegisterMap(const Traits& traits);

}  // namespace abcds::lumentree

#endif  // ABCDS_HAL_DRIVERS_LUMENTREE_REGISTER_MAP_H_
