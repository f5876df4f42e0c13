// When the values of a meter may be trusted.
#ifndef ABCDS_HAL_DRIVERS_METER_TRUST_H_
#define ABCDS_HAL_DRIVERS_METER_TRUST_H_

#include <cstdint>
#include <optional>

#include "hal/api/grid_meter.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// A machine of values and time, the same for every way in which values arrive:
//
//  * Nothing is trusted after a link came about, nor after a silence longer than max(3 T, 3 s).
//  * Trust comes with a value that arrives at least T/2 after the one before it.
//  * A value closer than T/3 to the one before is part of a burst: never the one that brings trust, and the third in a
//    row takes it away.
//
// Only accepted, live values may be given to it: what is refused, stored or repeated has no effect on age or trust.
class MeterTrust {
 public:
  // `interval` is T, expected between two values; above 0.
  explicit MeterTrust(Nanoseconds interval);

  void OnLink() noexcept;
  void OnLinkLost() noexcept;
  // + import. Each call is one measurement.
  void OnValue(Watts power, MonotonicTime now) noexcept;
  // To be called at NextDue(): a silence has become too long.
  void OnTime(MonotonicTime now) noexcept;
  [[nodiscard]] MonotonicTime NextDue() const noexcept;

  // While it is not trusted its last value is still told, for people; `lifecycle` then keeps control from using it.
  [[nodiscard]] const MeterState& state() const noexcept { return state_; }
  [[nodiscard]] bool trusted() const noexcept { return state_.lifecycle == Lifecycle::kActive; }
  // Longer than this is silence.
  [[nodiscard]] Nanoseconds silence() const noexcept { return silence_; }
  // Whether there was a value since the link came about or the last silence.
  [[nodiscard]] bool heard() const noexcept { return previous_.has_value(); }
  // Three values in a row came too fast.
  [[nodiscard]] bool bursting() const noexcept;
  // Between the newest two values; 0: there were no two in a row.
  [[nodiscard]] Nanoseconds spacing() const noexcept { return spacing_; }
  // How often trust was lost.
  [[nodiscard]] uint64_t losses() const noexcept { return losses_; }

 private:
  void Distrust(Lifecycle lifecycle) noexcept;

  const Nanoseconds interval_;
  const Nanoseconds silence_;
  MeterState state_;
  bool linked_ = false;
  std::optional<MonotonicTime> previous_;  // arrival, since the link came about or the last silence
  int burst_ = 0;                          // values in a row closer than T/3 to the one before
  Nanoseconds spacing_{0};
  uint64_t losses_ = 0;
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_METER_TRUST_H_
