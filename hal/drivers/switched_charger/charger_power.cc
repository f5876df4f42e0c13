#include "hal/drivers/switched_charger/charger_power.h"

#include <algorithm>

namespace abcds::switched_charger {
namespace {

constexpr double kLeastShare = 0.25;
constexpr double kMostShare = 1.25;
// Of each new value, at one every two seconds.
constexpr double kSmoothing = 0.3;
// Smaller changes of the step would only make others regulate.
constexpr Watts kStepChange{10};
constexpr double kStepChangeShare = 0.03;
// A plug by itself draws up to 2 W.
constexpr Watts kMetersFrom{3};
constexpr double kNothingShare = 0.05;
// A charger that waits for its own soft start or fan test.
constexpr Nanoseconds kNothingFor = std::chrono::seconds(20);

}  // namespace

ChargerPower::ChargerPower(Watts configured, Nanoseconds starts_within) noexcept
    : configured_(configured),
      starts_within_(starts_within),
      expected_(configured),
      present_(configured),
      smoothed_(configured) {}

Watts ChargerPower::Within(Watts power) const noexcept {
  return std::clamp(power, configured_ * kLeastShare, configured_ * kMostShare);
}

void ChargerPower::OnSeen(bool on, MonotonicTime since, std::optional<Watts> metered, MonotonicTime now) noexcept {
  if (on && !on_) {
    present_ = smoothed_ = expected_;
    learned_ = false;
  }
  on_ = on;
  since_ = since;
  draws_nothing_ = draws_nothing_ && on;
  if (!on) {
    flows_ = {Watts(0), now, true};  // an open relay lets nothing through, whatever the meter's filter still shows
    return;
  }
  if (metered) OnMetered(*metered, now);
  if (!metered_ && now - since_ >= starts_within_) flows_ = {step(), now, true};
}

void ChargerPower::OnMetered(Watts metered, MonotonicTime now) noexcept {
  if (!on_) return;
  metered_ = metered_ || metered >= kMetersFrom;
  if (!metered_) return;
  flows_ = {metered, now, true};
  draws_nothing_ = metered < configured_ * kNothingShare && now - since_ >= std::max(kNothingFor, starts_within_);
  if (now - since_ < starts_within_) return;
  const Watts value = Within(metered);
  smoothed_ = learned_ ? smoothed_ + (value - smoothed_) * kSmoothing : value;
  if (Magnitude(smoothed_ - present_) > std::max(kStepChange, present_ * kStepChangeShare)) present_ = smoothed_;
  if (!learned_) expected_ = present_;
  learned_ = true;
}

}  // namespace abcds::switched_charger
