#include "control/core/load_observer.h"

#include <algorithm>
#include <cmath>

#include "hal/units/at_rest.h"

namespace abcds {
namespace {

// Latencies and widths tried between the shortest and the longest that fit.
constexpr int kLatencySteps = 8;
constexpr int kWidthSteps = 2;

// An interval as narrow as this means that our own power was known: its middle is the measurement.
constexpr Watts kExact{6};
// Innovations within the meter's noise are averaged away with this gain.
constexpr double kNoiseGain = 0.3;
// A step of the load rarely falls between two windows: the first value shows a part of it. Within a wide interval the
// estimate therefore goes on this far towards the middle if that lies in the direction of the last clear move.
constexpr double kFollowThrough = 0.2;
// In a ramp: how much of an innovation goes into the slope, and how far the estimate is drawn to the interval's middle.
constexpr double kSlopeGain = 0.8;
constexpr double kRampCentering = 0.3;
// While a converter starts or crosses over to another, the interval is too wide to tell a slope that goes on from one that
// has ended; learning from its edges makes the estimate swing. The slope is then let go by this share a value.
constexpr Watts kBlurred{150};
constexpr double kBlurredDecay = 0.5;
// Moves of like size: the largest at most this many times the smallest. And what is no ramp any more but a step.
constexpr double kLikeSize = 4.0;
constexpr double kStepFactor = 4.0;

// A latency told as next to nothing is still wrong by so much: networks and meters are.
constexpr double kShortestLatestSeconds = 0.4;

struct Range {
  double low;
  double high;
  [[nodiscard]] double At(int i, int steps) const { return low + (high - low) * i / steps; }
};

// A time that is believed to be `value`, wrong by a factor of up to 1 + uncertainty each way.
Range Around(Nanoseconds value, double uncertainty) {
  return {ToSeconds(value) / (1.0 + uncertainty), ToSeconds(value) * (1.0 + uncertainty)};
}

Nanoseconds LookBack(const MeterSettings& settings) {
  const double seconds = ToSeconds(settings.latency + settings.averaging) * (1.0 + settings.timing_uncertainty);
  return FromSeconds(std::max(seconds, kShortestLatestSeconds));
}

}  // namespace

LoadObserver::LoadObserver(const MeterSettings& settings) noexcept
    : settings_(settings), look_back_(LookBack(settings)), history_(look_back_ + std::chrono::seconds(2)) {}

void LoadObserver::OwnPower(MonotonicTime now, PowerInterval power, bool silent) noexcept {
  history_.Add(now, power);
  if (silent) doubtful_until_ = now + look_back_;
  const int direction = power.low >= kAtRest ? 1 : power.high <= -kAtRest ? -1 : 0;
  if (direction == 0) return;
  if (direction == -direction_) crossing_until_ = now + look_back_;
  direction_ = direction;
}

void LoadObserver::ForgetRamp() noexcept {
  slope_ = WattsPerSecond(0);
  innovations_ = {};
}

void LoadObserver::Reset() noexcept {
  known_ = false;
  ForgetRamp();
  last_move_ = Watts(0);
  arrived_at_ = MonotonicTime::min();
}

Watts LoadObserver::LoadAt(Nanoseconds ahead) const noexcept {
  const Nanoseconds age = settings_.latency + settings_.averaging / 2;
  return load_ + Watts(slope_.value() * ToSeconds(age + ahead));
}

PowerInterval LoadObserver::OwnOverWindow(MonotonicTime arrived_at) const noexcept {
  Range latency = Around(settings_.latency, settings_.timing_uncertainty);
  if (settings_.timing_uncertainty > 0.0) latency.high = std::max(latency.high, kShortestLatestSeconds);
  const Range width = Around(settings_.averaging, settings_.timing_uncertainty);
  PowerInterval own = history_.Mean(arrived_at - settings_.latency, settings_.averaging);
  for (int i = 0; i <= kLatencySteps; ++i) {
    const MonotonicTime end = arrived_at - FromSeconds(latency.At(i, kLatencySteps));
    for (int j = 0; j <= kWidthSteps; ++j) {
      const PowerInterval mean = history_.Mean(end, FromSeconds(width.At(j, kWidthSteps)));
      own.low = std::min(own.low, mean.low);
      own.high = std::max(own.high, mean.high);
    }
  }
  return own;
}

void LoadObserver::Measured(Watts grid, MonotonicTime arrived_at) noexcept {
  own_ = OwnOverWindow(arrived_at);
  if (arrived_at <= doubtful_until_) {
    own_ = Hull(own_, history_.Extremes(arrived_at - look_back_, arrived_at));
    last_move_ = Watts(0);
    ForgetRamp();
  }
  allowed_ = {grid - own_.high, grid - own_.low};
  if (!known_) {
    load_ = allowed_.Middle();
    known_ = true;
  } else {
    // Messages that come in a bunch do not make the load move faster.
    const double shortest = 0.3 * ToSeconds(settings_.interval);
    Follow(std::max(ToSeconds(arrived_at - arrived_at_), shortest));
  }
  // A slope that was known before has still told where this measurement was to be expected.
  if (arrived_at <= crossing_until_) ForgetRamp();
  arrived_at_ = arrived_at;
}

void LoadObserver::Follow(double seconds) noexcept {
  const bool ramp = slope_ != WattsPerSecond(0);
  const Watts predicted = load_ + Watts(slope_.value() * seconds);
  const Watts middle = allowed_.Middle();
  Watts innovation = (allowed_.Width() <= kExact ? middle : allowed_.Nearest(predicted)) - predicted;
  if (ramp) innovation += (middle - predicted - innovation) * kRampCentering;

  const bool noise = !ramp && Magnitude(innovation) <= settings_.noise;
  load_ = predicted + innovation * (noise ? kNoiseGain : 1.0);

  const Watts rest = middle - load_;
  if (!ramp && allowed_.Width() > kExact && rest.value() * last_move_.value() > 0.0) {
    load_ += rest * kFollowThrough;
    last_move_ = Watts(0);
  } else {
    last_move_ = !ramp && Magnitude(innovation) > 2.0 * settings_.noise ? innovation : Watts(0);
  }
  UpdateSlope(innovation, seconds);
}

void LoadObserver::UpdateSlope(Watts innovation, double seconds) noexcept {
  const WattsPerSecond newest(innovation.value() / seconds);
  innovations_ = {newest, innovations_[0], innovations_[1]};
  const WattsPerSecond floor(settings_.noise.value() / seconds);
  if (slope_ != WattsPerSecond(0)) {
    const bool step = Magnitude(newest) > kStepFactor * std::max(Magnitude(slope_), floor);
    const bool blurred = allowed_.Width() > kBlurred;
    slope_ = step ? WattsPerSecond(0) : blurred ? slope_ * kBlurredDecay : slope_ + newest * kSlopeGain;
    if (Magnitude(slope_) < floor / 2.0) slope_ = WattsPerSecond(0);
    return;
  }
  WattsPerSecond smallest = Magnitude(newest);
  WattsPerSecond largest = smallest;
  WattsPerSecond sum;
  for (const WattsPerSecond one : innovations_) {
    if (one.value() * newest.value() <= 0.0) return;  // not all in one direction
    smallest = std::min(smallest, Magnitude(one));
    largest = std::max(largest, Magnitude(one));
    sum += one;
  }
  if (smallest > floor && largest < kLikeSize * smallest) slope_ = sum / static_cast<double>(innovations_.size());
}

}  // namespace abcds
