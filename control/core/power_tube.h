// What a converter's AC power can be at this moment, given what it was told, how such a device answers, and what it says.
#ifndef ABCDS_CONTROL_CORE_POWER_TUBE_H_
#define ABCDS_CONTROL_CORE_POWER_TUBE_H_

#include <array>

#include "control/core/interval.h"
#include "control/core/settings.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds {

// A set-membership observer: an interval that contains the true power as long as the device answers as configured (dead
// time, ramps, lag; each wrong by a factor of at most 1 + uncertainty). Between two readings it is propagated with the
// fastest and the slowest device that fits; a reading narrows it, taking into account that it may be up to
// `readback_latency` old. A reading that contradicts the model wins, and loosens the model on that side.
//
// The ratio of settled power to setpoint is learned from settled readings, so that a device with a gain of 0.985 is told
// 1.5 % more.
class PowerTube {
 public:
  PowerTube() = default;
  PowerTube(const ResponseSettings& response, bool reports_power) noexcept;

  // A setpoint was sent. Repeating the standing one changes nothing.
  void Command(Watts setpoint, MonotonicTime now) noexcept;
  // A reading; the same sample given again changes nothing.
  void ReadBack(const Sample<Watts>& reading, MonotonicTime now) noexcept;
  void Advance(MonotonicTime now, Nanoseconds dt) noexcept;
  // What was believed is void: the power is somewhere in `possible` until it is read again.
  void Forget(PowerInterval possible) noexcept;

  [[nodiscard]] PowerInterval power() const noexcept { return power_; }
  [[nodiscard]] Watts commanded() const noexcept { return commanded_; }
  // The newest setpoint, as it will come out when it has settled, and the setpoint that settles at `power`.
  [[nodiscard]] Watts settling_at() const noexcept { return commanded_ * gain_; }
  [[nodiscard]] Watts SetpointFor(Watts power) const noexcept { return power / gain_; }
  // No setpoint is on its way, and readings have stood still for long enough to be the truth.
  [[nodiscard]] bool Settled(MonotonicTime now) const noexcept;
  // By then every setpoint given so far has come through, also with the slowest device that fits.
  [[nodiscard]] MonotonicTime SettledBy() const noexcept;
  // From a small change of the setpoint to the middle of its way, typically.
  [[nodiscard]] Nanoseconds TypicalDelay() const noexcept { return response_.dead_time + response_.lag; }

 private:
  struct Issued {
    MonotonicTime soonest;  // it may have taken effect from then on
    MonotonicTime latest;   // it has taken effect by then
    Watts setpoint;
  };
  static constexpr int kMaxIssued = 16;

  // Where the device settles with `setpoint`.
  [[nodiscard]] PowerInterval Band(Watts setpoint) const noexcept;
  // All that it may be heading for at `now`. Needs a first command.
  [[nodiscard]] PowerInterval Goals(MonotonicTime now) const noexcept;
  [[nodiscard]] Watts Move(Watts from, Watts goal, double speed, Nanoseconds dt) const noexcept;
  void Loosen(const PowerInterval& said) noexcept;
  void LearnGain(Watts reading) noexcept;

  ResponseSettings response_;
  bool reports_power_ = false;
  std::array<Issued, kMaxIssued> issued_{};  // oldest first; the first one has taken effect
  int issued_count_ = 0;
  Watts commanded_;
  PowerInterval ramped_{};  // before the lag
  PowerInterval power_{};
  Sample<Watts> last_reading_;
  MonotonicTime still_since_ = MonotonicTime::min();  // readings have not moved since
  bool at_rest_ = false;    // `last_reading_` is where the device stands
  double gain_ = 1.0;
  double fast_ = 1.0;  // the device is at most this many times faster …
  double slow_ = 1.0;  // … and slower than configured
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_POWER_TUBE_H_
