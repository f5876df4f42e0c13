// What a charger draws that is either on or off: configured, then learned from the plug's meter.
#ifndef ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_CHARGER_POWER_H_
#define ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_CHARGER_POWER_H_

#include <optional>

#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds::switched_charger {

// Fed with what the plug says, in the order of time.
//
//  * While it is on and has started, the size of the step is what the meter shows, smoothed, so that a charger that
//    draws less as the battery fills is not taken for one that does not follow.
//  * While it is off, it is what the charger drew after its last start; before the first, the configured power.
//  * Both stay within a quarter and 5/4 of the configured power: a meter that says more or less than that says nothing
//    about this charger.
//  * A meter that has never shown anything is none: a Shelly 1 has no meter and says 0 W all the same.
class ChargerPower {
 public:
  ChargerPower(Watts configured, Nanoseconds starts_within) noexcept;

  // The relay is seen in this state; `since`: when it was told so. `metered` where the plug has a meter.
  void OnSeen(bool on, MonotonicTime since, std::optional<Watts> metered, MonotonicTime now) noexcept;
  // The meter alone.
  void OnMetered(Watts metered, MonotonicTime now) noexcept;
  // Nothing is known any more.
  void Forget() noexcept { flows_ = {}; }

  // The size of the one step that the charger has.
  [[nodiscard]] Watts step() const noexcept { return on_ ? present_ : expected_; }
  // What flows: the meter's value; without a meter, what the relay lets through once the charger has started.
  [[nodiscard]] const Sample<Watts>& flows() const noexcept { return flows_; }
  [[nodiscard]] bool metered() const noexcept { return metered_; }
  // On for so long that it should draw something, and it does not.
  [[nodiscard]] bool draws_nothing() const noexcept { return draws_nothing_; }

 private:
  [[nodiscard]] Watts Within(Watts power) const noexcept;

  const Watts configured_;
  const Nanoseconds starts_within_;
  bool metered_ = false;
  bool on_ = false;
  bool learned_ = false;  // since it was switched on
  MonotonicTime since_ = MonotonicTime::min();
  Watts expected_;
  Watts present_;
  Watts smoothed_;
  Sample<Watts> flows_;
  bool draws_nothing_ = false;
};

}  // namespace abcds::switched_charger

#endif  // ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_CHARGER_POWER_H_
