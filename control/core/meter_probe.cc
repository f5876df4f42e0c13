#include "control/core/meter_probe.h"

#include <algorithm>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;

// Setpoints this close together stand still.
constexpr Watts kStill{20};
constexpr Nanoseconds kStillFor = 30s;
// After a contradiction the next question comes soon.
constexpr Nanoseconds kStillForSuspicion = 5s;
// Without one, this long after the last answer: 130 W for some seconds cost less than half a watt-hour an hour.
constexpr Nanoseconds kUnansweredFor = 20min;

}  // namespace

MeterProbe::MeterProbe(const MeterSettings& settings) noexcept {
  const double window = ToSeconds(settings.latency + settings.averaging) * (1.0 + settings.timing_uncertainty);
  meter_delay_ = FromSeconds(window + 2.0 * ToSeconds(settings.interval));
}

Watts MeterProbe::power() const noexcept {
  const Watts step = held_ > Watts(0) ? -kStep : kStep;
  return phase_ == Phase::kLowered ? held_ + step : held_;
}

void MeterProbe::Enter(Phase phase, MonotonicTime now) noexcept {
  phase_ = phase;
  since_ = now;
  still_since_ = now;
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
    return active();
  }
  if (still_since_ == MonotonicTime::max() || Magnitude(view.setpoint - still_) > kStill) {
    still_ = view.setpoint;
    still_since_ = now;
  }
  const bool enough = Magnitude(view.setpoint) >= 2.0 * kStep;
  const bool unanswered = view.last_answer != MonotonicTime::min() && now - view.last_answer > kUnansweredFor;
  const bool due = view.suspicious ? now - still_since_ > kStillForSuspicion
                                   : unanswered && now - still_since_ > kStillFor;
  if (!enough || !due) return false;
  held_ = view.setpoint;
  Enter(Phase::kLowered, now);
  return true;
}

}  // namespace abcds
