// Judges whether a device's readings are alive and whether its output obeys. Pure.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_OUTPUT_WATCH_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_OUTPUT_WATCH_H_

#include <cstdint>
#include <optional>

#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::meanwell {

class OutputWatch {
 public:
  enum class Verdict : uint8_t {
    kGood,
    kFrozen,   // readings stay the same to the last digit although the setpoint changed: they are no measurement
    kTooMuch,  // more current than it was told, or any while it is off
  };

  // `rated`: its largest current, which its tolerances refer to.
  explicit OutputWatch(Amperes rated) noexcept : rated_(rated) {}

  // Told to carry this magnitude from now on; 0: off.
  void OnSetpoint(Amperes current, MonotonicTime now) noexcept;
  // `current` as measured; `fingerprint` differs whenever voltage or current does.
  void OnReading(Amperes current, uint32_t fingerprint, MonotonicTime now) noexcept;
  // The device was away: nothing is held against it. What is known to be frozen stays so until it moves.
  void Forget() noexcept;
  [[nodiscard]] Verdict verdict() const noexcept { return frozen_ ? Verdict::kFrozen : verdict_; }

 private:
  const Amperes rated_;
  Amperes told_;
  MonotonicTime told_at_ = MonotonicTime::min();
  std::optional<uint32_t> fingerprint_;
  Amperes told_then_;                           // when the readings last moved
  std::optional<MonotonicTime> unmoved_since_;  // the first change that they have not followed
  std::optional<MonotonicTime> too_much_since_;
  bool frozen_ = false;
  Verdict verdict_ = Verdict::kGood;
};

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_OUTPUT_WATCH_H_
