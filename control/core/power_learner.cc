#include "control/core/power_learner.h"

#include <algorithm>
#include <utility>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

// A switched charger wakes up in 1 to 4 s and is seen to be on up to 2 s late; a BMS averages over some seconds more.
constexpr Nanoseconds kSettles = 10s;
// Slower than this no BMS is, that can still protect a battery.
constexpr Nanoseconds kLongestGap = 15s;
// What is compared must lie close together, or the sun on another charger moves in between.
constexpr Nanoseconds kLongestAfter = 90s;
constexpr int kLeastSamples = 3;
constexpr Nanoseconds kLeastSpan = 6s;
// The others stand still below this; where they have moved between the two medians, their efficiency is known only so
// well, and may blur the result by this share of it.
constexpr Watts kStill{30};
constexpr double kEfficiencyError = 0.07;
constexpr double kMostBlur = 0.15;
// Less is noise, or the charger is not connected.
constexpr Watts kLeast{20};
// Observations agree within this share of the largest.
constexpr double kAgree = 0.2;
// What is learned moves in steps worth regulating for.
constexpr double kChange = 0.05;

}  // namespace

void PowerLearner::Window::Add(Watts power, Watts others, MonotonicTime taken_at) noexcept {
  if (count_ > 0 && taken_at - taken_at_[newest_] > kLongestGap) count_ = 0;
  for (int i = 0; i < count_; ++i) {
    if (Magnitude(others_[i] - others) <= kStill) continue;
    count_ = 0;
    break;
  }
  newest_ = count_ == 0 ? 0 : (newest_ + 1) % kMost;
  power_[newest_] = power;
  others_[newest_] = others;
  taken_at_[newest_] = taken_at;
  count_ = std::min(count_ + 1, kMost);
}

bool PowerLearner::Window::Complete() const noexcept {
  if (count_ < kLeastSamples) return false;
  const int oldest = count_ < kMost ? 0 : (newest_ + 1) % kMost;
  return taken_at_[newest_] - taken_at_[oldest] >= kLeastSpan;
}

Watts PowerLearner::Window::MedianPower() const noexcept {
  std::array<Watts, kMost> sorted = power_;
  std::sort(sorted.begin(), sorted.begin() + count_);
  return sorted[count_ / 2];
}

void PowerLearner::Switched(const View& view, MonotonicTime now) noexcept {
  before_ = level_;
  before_.known &= known_ && now - level_.at <= kLongestGap;
  level_ = Level{};
  known_ = true;
  on_ = view.on;
  switched_at_ = now;
  first_ = true;
  window_.Clear();
}

void PowerLearner::Step(const BatteryInput& battery, const View& view, MonotonicTime now) noexcept {
  if (!view.known || !view.may_learn) {
    known_ = false;
    window_.Clear();
    return;
  }
  if (!known_ || view.on != on_) Switched(view, now);
  const bool usable = battery.current.UsableAt(now, kLongestGap) && battery.voltage.UsableAt(now, kLongestGap);
  if (!usable || battery.current.taken_at == heard_at_) return;
  heard_at_ = battery.current.taken_at;
  if (heard_at_ - switched_at_ < kSettles) return;
  if (std::exchange(first_, false)) return;
  window_.Add(battery.voltage.value * battery.current.value, view.others.Middle(), heard_at_);
  if (!window_.Complete()) return;
  level_ = {true, window_.MedianPower(), view.others.Middle(), view.others_assumed, heard_at_};
  if (before_.known && heard_at_ - switched_at_ <= kLongestAfter) Observe(view);
  before_.known = false;
}

void PowerLearner::Observe(const View& view) noexcept {
  const Watts others = level_.others - before_.others;
  const Watts change = level_.power - before_.power - others;
  const Watts battery = on_ ? change : -change;
  const Watts blur = Magnitude(others) * kEfficiencyError + Magnitude(level_.others_assumed - before_.others_assumed);
  const Watts observed = battery / view.efficiency;
  if (observed < kLeast || observed > view.most || blur > battery * kMostBlur) return;
  Settle(observed);
}

void PowerLearner::Settle(Watts observed) noexcept {
  std::move(observed_.begin() + 1, observed_.end(), observed_.begin());
  observed_.back() = observed;
  observations_ = std::min(observations_ + 1, kObservations);
  if (observations_ < kObservations) return;
  std::array<Watts, kObservations> sorted = observed_;
  std::sort(sorted.begin(), sorted.end());
  if (sorted.back() - sorted.front() > sorted.back() * kAgree) return;
  const Watts median = sorted[kObservations / 2];
  if (Magnitude(median - learned_) > learned_ * kChange) learned_ = median;
}

}  // namespace abcds
