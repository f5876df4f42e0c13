// Shares one wanted power out among the converters, and keeps chargers and dischargers from running against each other.
#ifndef ABCDS_CONTROL_CORE_DISPATCHER_H_
#define ABCDS_CONTROL_CORE_DISPATCHER_H_

#include <array>

#include "control/core/interval.h"
#include "control/core/settings.h"
#include "control/core/types.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// One converter as the dispatcher sees it.
struct ConverterView {
  bool usable = false;
  Watts max_charge;      // magnitudes, device and configuration considered
  Watts max_discharge;
  Watts setpoint;        // standing
  PowerInterval power{}; // where its power can be now
};

struct Assignment {
  Watts power;                              // + charges
  Reason reason = Reason::kNothingToDo;     // what binds; kRegulating: nothing does
  Watts limit;                              // of kConverterLimit, kBelowMinimum
};

// No circulation, by construction: all assignments of a cycle have one sign; and the sign changes only after every
// converter has been told 0 W, is known to be under kAtRest, and the reversal hold has passed.
class Dispatcher {
 public:
  static constexpr Watts kAtRest{20};

  explicit Dispatcher(const CoreSettings& settings) noexcept : settings_(settings) {}

  // `total`: + charges. Places beyond the configured ones are left untouched.
  void Assign(Watts total, const std::array<ConverterView, kMaxConverters>& converters, MonotonicTime now,
              std::array<Assignment, kMaxConverters>& assignments) noexcept;

 private:
  enum class Direction : uint8_t { kNone, kCharge, kDischarge };
  // The direction in force at `now`, given the one that is wanted.
  [[nodiscard]] Direction Steer(Direction wanted, const std::array<ConverterView, kMaxConverters>& converters,
                                MonotonicTime now) noexcept;

  const CoreSettings settings_;
  Direction direction_ = Direction::kNone;
  MonotonicTime at_rest_since_ = MonotonicTime::max();
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_DISPATCHER_H_
