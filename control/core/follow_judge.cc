#include "control/core/follow_judge.h"

#include <algorithm>

#include "hal/units/at_rest.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;

// A settled reading that differs from the setpoint by this much is not regulation any more …
constexpr Watts kOff{60};
// … when it has lasted; drivers write again after 2 s of it.
constexpr Nanoseconds kOffFor = 5s;
constexpr Nanoseconds kReadingMaxAge = 3s;
// Delivering less than this share of what it was told is as good as nothing.
constexpr double kNextToNothing = 0.1;
// A limited device is asked for so much more than it does, and for all of it again after a while: derating ends.
constexpr Watts kHeadroom{30};
constexpr Nanoseconds kLimitedFor = 3min;
constexpr Nanoseconds kFirstPause = 60s;
constexpr Nanoseconds kLongestPause = 10min;
// Having followed for so long, it has earned a short pause for the next time.
constexpr Nanoseconds kGoodFor = 60s;
// Readings and drivers take their time, too.
constexpr Nanoseconds kMargin = 2s;

}  // namespace

FollowJudge::FollowJudge(const ConverterSettings& settings) noexcept : judged_(settings.reports_power) {
  const ResponseSettings& response = settings.response;
  const Watts way = settings.max_charge + settings.max_discharge;
  const double ramp = way.value() / std::min(response.ramp_up, response.ramp_down).value();
  const double slowest =
      (1.0 + response.uncertainty) *
      (ToSeconds(response.dead_time + response.start_delay + response.readback_latency) + ramp + 4.0 * ToSeconds(response.lag));
  settling_ = FromSeconds(slowest) + kMargin;
}

void FollowJudge::Reset() noexcept {
  before_ = during_ = PowerInterval{};
  window_ends_ = MonotonicTime::min();
  off_since_ = good_since_ = MonotonicTime::max();
  limited_ = suspended_ = false;
}

void FollowJudge::Step(const View& view, MonotonicTime now) noexcept {
  if (!judged_) return;
  if (now >= window_ends_) {
    before_ = window_ends_ == MonotonicTime::min() ? PowerInterval{view.told, view.told} : during_;
    during_ = {view.told, view.told};
    window_ends_ = now + settling_;
  }
  during_ = {std::min(during_.low, view.told), std::max(during_.high, view.told)};
  if (limited_ && now >= until_) limited_ = false;

  if (!view.reading.UsableAt(now, kReadingMaxAge)) {
    off_since_ = MonotonicTime::max();  // silence is judged elsewhere
    return;
  }
  const Watts reading = view.reading.value;
  if (suspended_) {
    if (now >= until_ && Magnitude(reading) < kAtRest) {
      Reset();
      off_since_ = MonotonicTime::max();
    }
    return;
  }
  const PowerInterval told{std::min(before_.low, during_.low), std::max(before_.high, during_.high)};
  const bool less = Magnitude(reading) < Magnitude(view.told) && reading.value() * view.told.value() >= 0.0;
  const bool off = Magnitude(reading - told.Nearest(reading)) > kOff && !(less && view.may_deliver_less);
  if (!off) {
    off_since_ = MonotonicTime::max();
    if (view.told == Watts(0)) return;  // 0 W is no proof of goodness
    if (good_since_ == MonotonicTime::max()) good_since_ = now;
    if (now - good_since_ >= kGoodFor) pause_ = Nanoseconds(0);
    return;
  }
  good_since_ = MonotonicTime::max();
  if (off_since_ == MonotonicTime::max()) off_since_ = now;
  if (now - off_since_ >= kOffFor) Accuse(view, now);
}

void FollowJudge::Accuse(const View& view, MonotonicTime now) noexcept {
  const Watts reading = view.reading.value;
  const bool same_way = reading.value() * view.told.value() > 0.0;
  const bool some = same_way && Magnitude(reading) < Magnitude(view.told) &&
                    Magnitude(reading) >= Magnitude(view.told) * kNextToNothing;
  off_since_ = MonotonicTime::max();
  if (some) {
    limited_ = true;
    most_ = Magnitude(reading) + kHeadroom;
    until_ = now + kLimitedFor;
    return;
  }
  suspended_ = true;
  pause_ = pause_ == Nanoseconds(0) ? kFirstPause : std::min<Nanoseconds>(2 * pause_, kLongestPause);
  until_ = now + pause_;
}

}  // namespace abcds
