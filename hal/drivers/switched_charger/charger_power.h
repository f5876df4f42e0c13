// What a charger draws that is either on or off: configured, then told by the plug's meter or learned by control.
#ifndef ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_CHARGER_POWER_H_
#define ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_CHARGER_POWER_H_

#include <optional>

#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds::switched_charger {

// What is known of it beforehand. AC side.
struct ChargerRating {
  Watts power;         // assumed until something says better
  Watts least;         // what says less or more than these two says nothing about this charger
  Watts most;
  bool learn = false;  // where the plug has no meter, control is asked to learn it
};
// `power`: 0 where nothing is configured, which takes `learn`.
[[nodiscard]] ChargerRating RatingOf(Watts power, bool learn) noexcept;

// Fed with what the plug says, in the order of time.
//
//  * While it is on and has started, the size of the step is what the meter shows, smoothed, so that a charger that
//    draws less as the battery fills is not taken for one that does not follow.
//  * While it is off, it is what the charger drew after its last start; before the first, the configured power.
//  * Both stay within what the rating allows.
//  * A meter that has never shown anything is none: a Shelly 1 has no meter and says 0 W all the same.
class ChargerPower {
 public:
  ChargerPower(const ChargerRating& rating, Nanoseconds starts_within) noexcept;

  // The relay is seen in this state; `since`: when it was told so, min() where it was not: then the charger may be at full
  // power already. `metered` where the plug has a meter.
  void OnSeen(bool on, MonotonicTime since, std::optional<Watts> metered, MonotonicTime now) noexcept;
  // The meter alone.
  void OnMetered(Watts metered, MonotonicTime now) noexcept;
  // What control has learned; 0: nothing. A meter knows better.
  void OnLearned(Watts power) noexcept;
  // Nothing is known any more.
  void Forget() noexcept { flows_ = {}; }

  // The size of the one step that the charger has.
  [[nodiscard]] Watts step() const noexcept { return on_ ? present_ : expected_; }
  // What flows: the meter's value; without a meter, what the relay lets through once the charger has started.
  [[nodiscard]] const Sample<Watts>& flows() const noexcept { return flows_; }
  [[nodiscard]] bool metered() const noexcept { return metered_; }
  // `step` and `flows` rest on an assumption, or on what control has learned.
  [[nodiscard]] bool assumed() const noexcept { return rating_.learn && !metered_; }
  [[nodiscard]] bool learned() const noexcept { return assumed() && learned_by_control_; }
  // A command of more than this can only mean: on.
  [[nodiscard]] Watts on_above() const noexcept;
  // On for so long that it should draw something, and it does not.
  [[nodiscard]] bool draws_nothing() const noexcept { return draws_nothing_; }

 private:
  [[nodiscard]] Watts Within(Watts power) const noexcept;

  ChargerRating rating_;
  Nanoseconds starts_within_;
  bool metered_ = false;
  bool on_ = false;
  bool learned_ = false;  // from the meter, since it was switched on
  bool learned_by_control_ = false;
  MonotonicTime since_ = MonotonicTime::min();
  Watts expected_;
  Watts present_;
  Watts smoothed_;
  Sample<Watts> flows_;
  bool draws_nothing_ = false;
};

}  // namespace abcds::switched_charger

#endif  // ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_CHARGER_POWER_H_
