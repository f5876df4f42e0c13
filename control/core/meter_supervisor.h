// Whether the meter may be believed, and how much power may still be moved on its word.
#ifndef ABCDS_CONTROL_CORE_METER_SUPERVISOR_H_
#define ABCDS_CONTROL_CORE_METER_SUPERVISOR_H_

#include "control/core/interval.h"
#include "control/core/settings.h"
#include "control/core/types.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// Silence, frozen values, and values that contradict our own steps. Refusing single implausible values is the driver's
// part: they never get here.
class MeterSupervisor {
 public:
  explicit MeterSupervisor(const MeterSettings& settings) noexcept;

  // A new trusted measurement, and our own mean power over its window. While we are probing, a step that does not show
  // at all counts against the meter; otherwise it was our answer to a step of the house.
  void Measured(Watts grid, PowerInterval own, MonotonicTime arrived_at, bool probing = false) noexcept;
  // Values from before `now` are void.
  void Reset() noexcept;
  // The contradiction has been taken note of: looks for a new one.
  void ClearDisagreement() noexcept;

  // Share of the standing power that may still be moved at `now`: 1 while values are fresh, falling to 0 while the last
  // one grows old, 0 from `kMeterSilent` on.
  [[nodiscard]] double Authority(MonotonicTime now) const noexcept;
  [[nodiscard]] bool Silent(MonotonicTime now) const noexcept { return Authority(now) <= 0.0; }
  // No value yet since the start or the last reset.
  [[nodiscard]] bool waiting() const noexcept { return last_at_ == MonotonicTime::min(); }
  [[nodiscard]] bool frozen() const noexcept { return frozen_; }
  [[nodiscard]] bool disagrees() const noexcept { return disagrees_; }
  // The newest own step that could be judged was contradicted.
  [[nodiscard]] bool suspicious() const noexcept { return suspicious_steps_ > 0; }
  // The values have become far stiller than they were for long: a quiet house, or another unit.
  [[nodiscard]] bool stiller() const noexcept;
  // When a step of ours was last confirmed, or since when the meter is trusted; min(): not yet.
  [[nodiscard]] MonotonicTime last_answer() const noexcept { return last_answer_; }
  // When the next value should arrive; min(): unknown.
  [[nodiscard]] MonotonicTime NextExpected(MonotonicTime now) const noexcept;

 private:
  enum class Verdict : uint8_t { kUnclear, kAgrees, kFlipped, kTooSmall, kTooSmallFlipped, kTooLarge };
  // `largest`: magnitude of the larger of the two grid values that the step lies between.
  [[nodiscard]] Verdict Judge(Watts own_step, Watts grid_step, Watts largest, bool probing) const noexcept;
  void WatchStir(Watts change, double seconds) noexcept;
  void WatchFreezing(Watts grid, PowerInterval own) noexcept;
  void WatchSteps(Watts grid, PowerInterval own, MonotonicTime arrived_at, bool probing) noexcept;

  MeterSettings settings_;
  Nanoseconds fade_from_;
  Nanoseconds fade_to_;
  MonotonicTime last_at_ = MonotonicTime::min();

  // Freezing: highest lower and lowest upper bound of our own power since the value last changed. Crossed over by 100 W,
  // our power has certainly moved by as much.
  Watts last_value_;
  int repeats_ = 0;
  PowerInterval certain_{};
  bool frozen_ = false;

  // How much values change from one to the next, lately and usually.
  Watts stir_lately_;
  Watts stir_usually_;
  double stir_seconds_ = 0.0;

  // Own steps: grid and own power where our power last stood still.
  bool anchored_ = false;
  Watts anchor_grid_;
  PowerInterval anchor_own_{};
  Watts last_own_;
  Verdict suspicion_ = Verdict::kUnclear;
  int suspicious_steps_ = 0;
  bool disagrees_ = false;
  MonotonicTime last_answer_ = MonotonicTime::min();
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_METER_SUPERVISOR_H_
