// The interval load observer: what the house draws without us, from a meter that speaks of the past.
#ifndef ABCDS_CONTROL_CORE_LOAD_OBSERVER_H_
#define ABCDS_CONTROL_CORE_LOAD_OBSERVER_H_

#include <array>

#include "control/core/interval.h"
#include "control/core/power_history.h"
#include "control/core/settings.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// A meter value is the mean grid power over a window that ended some time ago, known only roughly. Over every window that
// fits, our own mean power lies in an interval; hence the house's load lies in one too. The estimate stays where it is
// while it is inside, and moves to the nearest edge otherwise: as fast as dead-beat control where we stood still, and
// without a limit cycle where the timing is off, because our own movement is never mistaken for the house's.
//
// We move just after a measurement, so the next one finds us settled, and a timing that is told wrong does little harm. A
// converter that falls silent goes to 0 W at a moment of its own. As long as a measurement may speak of that, our own power
// was anything that it was since then: what can be explained by the converter is not the house's.
//
// On ramps (sun behind cloud edges) an estimate that only follows is late by the age of the values. Three moves of like
// size in one direction start a slope, with which the estimate then runs on by itself; the intervals correct both. Where we
// cross over from charging to discharging or back, one converter stops and another starts at moments that are known badly:
// what is then left of a cloud's edge is not told from our own doing, and no slope is believed until that is over.
class LoadObserver {
 public:
  explicit LoadObserver(const MeterSettings& settings) noexcept;

  // Each cycle: our own power, the sum over all converters. `silent`: one of them does not say what it does.
  void OwnPower(MonotonicTime now, PowerInterval power, bool silent) noexcept;
  // Each new measurement, once.
  void Measured(Watts grid, MonotonicTime arrived_at) noexcept;
  // The meter or the clock was gone: starts over with the next measurement.
  void Reset() noexcept;

  [[nodiscard]] bool known() const noexcept { return known_; }
  // Mean load over the newest measurement's window.
  [[nodiscard]] Watts load() const noexcept { return load_; }
  [[nodiscard]] WattsPerSecond slope() const noexcept { return slope_; }
  // The load `ahead` of the newest measurement's arrival.
  [[nodiscard]] Watts LoadAt(Nanoseconds ahead) const noexcept;
  [[nodiscard]] MonotonicTime measured_at() const noexcept { return arrived_at_; }
  // What the newest measurement alone allows, and our own mean power over its window.
  [[nodiscard]] PowerInterval allowed() const noexcept { return allowed_; }
  [[nodiscard]] PowerInterval own() const noexcept { return own_; }

 private:
  [[nodiscard]] PowerInterval OwnOverWindow(MonotonicTime arrived_at) const noexcept;
  void ForgetRamp() noexcept;
  void Follow(double seconds) noexcept;
  void UpdateSlope(Watts innovation, double seconds) noexcept;

  MeterSettings settings_;
  Nanoseconds look_back_;              // from a measurement's arrival to the earliest that it can speak of
  PowerHistory history_;
  // Until then a measurement may speak of a converter that fell silent; of a change of our own direction.
  MonotonicTime doubtful_until_ = MonotonicTime::min();
  MonotonicTime crossing_until_ = MonotonicTime::min();
  int direction_ = 0;  // in which our power last certainly flowed: 1 charging, -1 discharging
  bool known_ = false;
  Watts load_;
  WattsPerSecond slope_;
  Watts last_move_;                               // of the estimate, where it was a clear one
  std::array<WattsPerSecond, 3> innovations_{};   // newest first
  PowerInterval allowed_{};
  PowerInterval own_{};
  MonotonicTime arrived_at_ = MonotonicTime::min();
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_LOAD_OBSERVER_H_
