// Judges whether an inverter's readings are alive.
#ifndef ABCDS_HAL_DRIVERS_REGISTER_INVERTER_FREEZE_WATCH_H_
#define ABCDS_HAL_DRIVERS_REGISTER_INVERTER_FREEZE_WATCH_H_

#include <cstdint>
#include <optional>

#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::register_inverter {

// Pure. Readings that stay the same to the last digit for more than 10 s after the setpoint has changed by more than
// 30 W are no measurement any more: what shows them has lost the inverter.
class FreezeWatch {
 public:
  // A setpoint was acknowledged.
  void OnSetpoint(Watts setpoint, MonotonicTime now) noexcept;
  // Readings arrived; `fingerprint` differs whenever one of them does.
  void OnReadings(uint64_t fingerprint, MonotonicTime now) noexcept;
  // The device was away: it is not held against its readings that they were not looked at. What is known to be frozen
  // stays so until the readings move.
  void Forget() noexcept { changed_at_.reset(); }
  [[nodiscard]] bool frozen() const noexcept { return frozen_; }

 private:
  std::optional<uint64_t> fingerprint_;
  Watts setpoint_;
  Watts setpoint_then_;                      // when the readings last moved
  std::optional<MonotonicTime> changed_at_;  // the first change that they have not followed
  bool frozen_ = false;
};

}  // namespace abcds::register_inverter

#endif  // ABCDS_HAL_DRIVERS_REGISTER_INVERTER_FREEZE_WATCH_H_
