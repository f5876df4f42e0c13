#include "hal/drivers/switched_charger/charger_power.h"

#include <algorithm>

namespace abcds::switched_charger {
namespace {

// A meter that says more or less than this of the configured power does not speak of this charger.
constexpr double kMeteredLeast = 0.25;
constexpr double kMeteredMost = 1.25;
// Where the configured power is a beginning only.
constexpr double kLearnedLeast = 0.4;
constexpr double kLearnedMost = 2.5;
// Where nothing is configured: the middle of what is on sale, and the limits of that.
constexpr ChargerRating kAnyCharger{Watts(500), Watts(20), Watts(2500), true};
// Of each new value, at one every two seconds.
constexpr double kSmoothing = 0.3;
// Smaller changes of the step would only make others regulate.
constexpr Watts kStepChange{10};
constexpr double kStepChangeShare = 0.03;
// A plug by itself draws up to 2 W.
constexpr Watts kMetersFrom{3};
constexpr double kNothingShare = 0.2;  // of the least that it can draw
constexpr double kOnAboveShare = 0.5;
// A charger that waits for its own soft start or fan test.
constexpr Nanoseconds kNothingFor = std::chrono::seconds(20);

}  // namespace

ChargerRating RatingOf(Watts power, bool learn) noexcept {
  if (power <= Watts(0)) return kAnyCharger;
  return {power, power * (learn ? kLearnedLeast : kMeteredLeast), power * (learn ? kLearnedMost : kMeteredMost), learn};
}

ChargerPower::ChargerPower(const ChargerRating& rating, Nanoseconds starts_within) noexcept
    : rating_(rating),
      starts_within_(starts_within),
      expected_(rating.power),
      present_(rating.power),
      smoothed_(rating.power) {}

Watts ChargerPower::on_above() const noexcept {
  // While control and this side have not agreed yet on what was learned, their steps may differ by all that is possible.
  return (assumed() ? rating_.least : step()) * kOnAboveShare;
}

void ChargerPower::OnLearned(Watts power) noexcept {
  if (!assumed() || !(power > Watts(0))) return;
  learned_by_control_ = true;
  expected_ = present_ = smoothed_ = Within(power);
}

Watts ChargerPower::Within(Watts power) const noexcept {
  return std::clamp(power, rating_.least, rating_.most);
}

void ChargerPower::OnSeen(bool on, MonotonicTime since, std::optional<Watts> metered, MonotonicTime now) noexcept {
  if (on && !on_) {
    present_ = smoothed_ = expected_;
    learned_ = false;
    since_ = since == MonotonicTime::min() ? now : since;
  }
  on_ = on;
  draws_nothing_ = draws_nothing_ && on;
  if (!on) {
    flows_ = {Watts(0), now, true};  // an open relay lets nothing through, whatever the meter's filter still shows
    return;
  }
  if (metered) OnMetered(*metered, now);
  const bool started = since == MonotonicTime::min() || now - since_ >= starts_within_;
  if (!metered_ && started) flows_ = {step(), now, true};
}

void ChargerPower::OnMetered(Watts metered, MonotonicTime now) noexcept {
  if (!on_) return;
  metered_ = metered_ || metered >= kMetersFrom;
  if (!metered_) return;
  flows_ = {metered, now, true};
  draws_nothing_ = metered < rating_.least * kNothingShare && now - since_ >= std::max(kNothingFor, starts_within_);
  if (now - since_ < starts_within_) return;
  const Watts value = Within(metered);
  smoothed_ = learned_ ? smoothed_ + (value - smoothed_) * kSmoothing : value;
  if (Magnitude(smoothed_ - present_) > std::max(kStepChange, present_ * kStepChangeShare)) present_ = smoothed_;
  if (!learned_) expected_ = present_;
  learned_ = true;
}

}  // namespace abcds::switched_charger
