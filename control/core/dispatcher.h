// Decides in which direction converters may run, and keeps chargers and dischargers from running against each other.
#ifndef ABCDS_CONTROL_CORE_DISPATCHER_H_
#define ABCDS_CONTROL_CORE_DISPATCHER_H_

#include <array>

#include "control/core/allocator.h"
#include "control/core/interval.h"
#include "control/core/settings.h"
#include "control/core/types.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// The plant's power to share out, and what is allowed at all in each direction (magnitudes).
struct Demand {
  Watts total;  // + charges
  Watts charge_ceiling;
  Watts discharge_ceiling;
};

// No circulation, by construction. All assignments of a cycle have one sign. The sign changes only after every converter
// has been told 0 W and is known to be at rest; where one of them would turn around itself, the reversal hold must have
// passed as well. And nothing runs in a direction while a
// converter that does not answer may run in the other, or one that answers certainly does.
class Dispatcher {
 public:
  explicit Dispatcher(const CoreSettings& settings) noexcept : settings_(settings), allocator_(settings) {}

  // Places beyond the configured ones are left untouched.
  void Assign(const Demand& demand, const ConverterViews& converters, MonotonicTime now,
              Assignments& assignments) noexcept;

 private:
  // The direction in force at `now`, given the one that is wanted.
  [[nodiscard]] Direction Steer(Direction wanted, const ConverterViews& converters, MonotonicTime now) noexcept;
  // A converter that can be used certainly runs against `direction`, or one that cannot be used may do so.
  [[nodiscard]] bool Opposed(Direction direction, const ConverterViews& converters) const noexcept;
  // All converters are certain not to run against `direction`.
  [[nodiscard]] bool Clear(Direction direction, const ConverterViews& converters) const noexcept;

  // A converter that would now run in the direction `wanted` last ran in the other one.
  [[nodiscard]] bool TurnsAround(Direction wanted, const ConverterViews& converters) const noexcept;

  const CoreSettings settings_;
  Allocator allocator_;
  std::array<Direction, kMaxConverters> last_ran_{};
  Direction direction_ = Direction::kNone;
  MonotonicTime at_rest_since_ = MonotonicTime::max();
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_DISPATCHER_H_
