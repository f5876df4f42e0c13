// Calls a device that is not heard, again and again. Pure.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_HAIL_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_HAIL_H_

#include <cstdint>

#include "hal/drivers/meanwell/timing.h"
#include "hal/units/time.h"

namespace abcds::meanwell {

// It may be gone, or hear us all the same: some times it is told to be off as well.
class Hail {
 public:
  // Devices that fell silent together are not asked in step: `unit` draws the pauses.
  explicit Hail(uint8_t unit) noexcept : random_(unit * 7919u + 1) {}

  // It was heard, and is no more. `off`: it was known to be off, so that it need not be told.
  void Begin(bool off, MonotonicTime now) noexcept;
  // The line has come or gone: from the beginning, without pauses.
  void Hasten(MonotonicTime now) noexcept;
  // `insist`: whoever wants it at rest does not give up.
  void OnSilence(bool insist, MonotonicTime now) noexcept;
  void OnToldOff(MonotonicTime now) noexcept;

  // When it is called next, and whether by being told to be off rather than by a question.
  [[nodiscard]] MonotonicTime at() const noexcept { return at_; }
  [[nodiscard]] bool tells_off() const noexcept { return tells_off_; }

 private:
  [[nodiscard]] Nanoseconds NextPause() noexcept;

  MonotonicTime at_ = MonotonicTime::min();
  Nanoseconds pause_ = Timing::kRetryFirst;
  int offs_left_ = Timing::kBlindOffs;
  bool tells_off_ = false;
  MonotonicTime told_off_at_ = MonotonicTime::min();
  uint32_t random_;
};

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_HAIL_H_
