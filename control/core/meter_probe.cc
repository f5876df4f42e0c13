#include "control/core/meter_probe.h"

#include <algorithm>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;

// Setpoints this close together stand still.
constexpr Watts kStill{20};
constexpr Nanoseconds kStillFor = 30s;
// Long enough for a kettle, short enough for a battery.
constexpr Nanoseconds kLimitFor = 3min;
// After a contradiction the next question comes soon.
constexpr Nanoseconds kStillForSuspicion = 5s;
// The house moved at the same time, so that the answer was unclear: asked again.
constexpr Nanoseconds kAskAgain = 60s;
// The step stands out of what a household does, as a share of the power.
constexpr double kStepShare = 0.25;
// Without a contradiction, this long after the last answer: some seconds of the step cost about a watt-hour an hour.
constexpr Nanoseconds kUnansweredFor = 20min;
// Where the values have become still as if they were kilowatts.
constexpr Nanoseconds kUnansweredForStiller = 3min;

}  // namespace

MeterProbe::MeterProbe(const MeterSettings& settings) noexcept {
  const double window = ToSeconds(settings.latency + settings.averaging) * (1.0 + settings.timing_uncertainty);
  meter_delay_ = FromSeconds(window + 2.0 * ToSeconds(settings.interval));
}

Watts MeterProbe::power() const noexcept {
  if (phase_ != Phase::kLowered) return held_;
  const Watts step = std::max(kStep, Magnitude(held_) * kStepShare);
  return held_ > Watts(0) ? held_ - step : held_ + step;
}

void MeterProbe::Enter(Phase phase, MonotonicTime now) noexcept {
  phase_ = phase;
  since_ = now;
}

bool MeterProbe::Step(const View& view, MonotonicTime now) noexcept {
  if (!view.allowed) {
    phase_ = Phase::kResting;
    still_since_ = MonotonicTime::max();
    return false;
  }
  if (active()) {
    const bool shown = now > std::max(view.settled_by, since_) + meter_delay_;
    if (shown) Enter(phase_ == Phase::kLowered ? Phase::kRestored : Phase::kResting, now);
    if (!active()) asked_at_ = now;
    return active();
  }
  if (still_since_ == MonotonicTime::max() || Magnitude(view.setpoint - still_) > kStill) {
    still_ = view.setpoint;
    still_since_ = now;
  }
  const Nanoseconds pause = view.suspicious ? kStillForSuspicion : kAskAgain;
  if (asked_at_ != MonotonicTime::min() && now - asked_at_ < pause) return false;
  const bool enough = Magnitude(view.setpoint) >= 2.0 * kStep;
  const Nanoseconds patience = view.stiller ? kUnansweredForStiller : kUnansweredFor;
  const bool unanswered = view.last_answer != MonotonicTime::min() && now - view.last_answer > patience;
  // Once answered, a stay at a limit is one.
  const bool perhaps_run_away = view.at_limit && view.last_answer < still_since_;
  const Nanoseconds still = now - still_since_;
  const bool due = view.suspicious ? still > kStillForSuspicion
                                   : (unanswered && still > kStillFor) || (perhaps_run_away && still > kLimitFor);
  if (!enough || !due) return false;
  held_ = view.setpoint;
  Enter(Phase::kLowered, now);
  return true;
}

}  // namespace abcds
