#include "control/core/power_tube.h"

#include <algorithm>
#include <cmath>

namespace abcds {
namespace {

// A reading's own resolution and jitter.
constexpr Watts kReadingStep{1.5};
// Below this a converter is off: readings then are noise of its sensor.
constexpr Watts kOff{10};
// A device that stands further away from its setpoint than this share is limited or faulty, not at rest.
constexpr double kAtRestWithin = 0.25;
// Learning the gain: only where the sensor's offset does not matter, and never beyond what a sound device shows.
constexpr Watts kGainFrom{80};
constexpr double kGainMin = 0.90;
constexpr double kGainMax = 1.10;
constexpr double kGainStep = 0.3;
// Once the gain is known, a settled device still wanders by this share of its configured tolerance.
constexpr double kToleranceLeft = 0.2;
constexpr double kToleranceShareLeft = 0.1;
// Each contradiction loosens the model by this factor, up to a device that is four times faster or slower than told.
constexpr double kLoosening = 1.5;
constexpr double kLoosest = 4.0;

}  // namespace

PowerTube::PowerTube(const ResponseSettings& response, bool reports_power) noexcept
    : response_(response),
      reports_power_(reports_power),
      fast_(1.0 + response.uncertainty),
      slow_(1.0 + response.uncertainty) {}

void PowerTube::Command(Watts setpoint, MonotonicTime now) noexcept {
  if (issued_count_ > 0 && issued_[issued_count_ - 1].setpoint == setpoint) return;
  Nanoseconds delay = response_.dead_time;
  const bool starts = commanded_ == Watts(0) && setpoint != Watts(0) && Magnitude(power_.Middle()) < kOff;
  if (starts) delay += response_.start_delay;
  Issued issued{.soonest = now + FromSeconds(ToSeconds(delay) / fast_),
                .latest = now + FromSeconds(ToSeconds(delay) * slow_),
                .setpoint = setpoint};
  if (issued_count_ == kMaxIssued) {  // sent faster than they take effect: the oldest has been replaced meanwhile
    std::move(issued_.begin() + 1, issued_.end(), issued_.begin());
    --issued_count_;
  }
  if (issued_count_ > 0) issued.latest = std::max(issued.latest, issued_[issued_count_ - 1].latest);
  issued_[issued_count_++] = issued;
  commanded_ = setpoint;
  still_since_ = MonotonicTime::min();
}

PowerInterval PowerTube::Band(Watts setpoint) const noexcept {
  if (setpoint == Watts(0)) return {Watts(0), Watts(0)};
  const Watts tolerance = response_.output_tolerance * kToleranceLeft +
                          Magnitude(setpoint) * response_.output_tolerance_share * kToleranceShareLeft;
  const Watts settled = setpoint * gain_;
  return {settled - tolerance, settled + tolerance};
}

PowerInterval PowerTube::Goals(MonotonicTime now) const noexcept {
  // A device that stands still stays there, wherever in its band that is.
  PowerInterval goals = at_rest_
                            ? PowerInterval{last_reading_.value - kReadingStep, last_reading_.value + kReadingStep}
                            : Band(issued_[0].setpoint);
  for (int i = 1; i < issued_count_ && issued_[i].soonest <= now; ++i) {
    const PowerInterval band = Band(issued_[i].setpoint);
    goals.low = std::min(goals.low, band.low);
    goals.high = std::max(goals.high, band.high);
  }
  return goals;
}

Watts PowerTube::Move(Watts from, Watts goal, double speed, Nanoseconds dt) const noexcept {
  const bool grows = Magnitude(goal) > Magnitude(from);
  const WattsPerSecond rate = grows ? response_.ramp_up : response_.ramp_down;
  const Watts step(rate.value() * speed * ToSeconds(dt));
  return std::clamp(goal, from - step, from + step);
}

void PowerTube::Advance(MonotonicTime now, Nanoseconds dt) noexcept {
  while (issued_count_ > 1 && issued_[1].latest <= now) {  // the oldest has certainly been replaced
    std::move(issued_.begin() + 1, issued_.begin() + issued_count_, issued_.begin());
    --issued_count_;
    at_rest_ = false;
  }
  if (issued_count_ == 0) return;
  const PowerInterval goals = Goals(now);
  const double slow = 1.0 / slow_;
  ramped_.low = Move(ramped_.low, goals.low, goals.low < ramped_.low ? fast_ : slow, dt);
  ramped_.high = Move(ramped_.high, goals.high, goals.high > ramped_.high ? fast_ : slow, dt);
  if (response_.lag <= Nanoseconds(0)) {
    power_ = ramped_;
    return;
  }
  const double share = ToSeconds(dt) / ToSeconds(response_.lag);
  const double quick = 1.0 - std::exp(-share * fast_);
  const double tardy = 1.0 - std::exp(-share * slow);
  power_.low += (ramped_.low - power_.low) * (ramped_.low < power_.low ? quick : tardy);
  power_.high += (ramped_.high - power_.high) * (ramped_.high > power_.high ? quick : tardy);
}

void PowerTube::ReadBack(const Sample<Watts>& reading, MonotonicTime now) noexcept {
  if (!reports_power_ || !reading.valid || reading.taken_at == last_reading_.taken_at) return;
  const Watts p = Magnitude(reading.value) < kOff && commanded_ == Watts(0) ? Watts(0) : reading.value;
  const bool moved = !last_reading_.valid || Magnitude(p - last_reading_.value) > kReadingStep;
  if (moved || still_since_ == MonotonicTime::min()) still_since_ = reading.taken_at;
  last_reading_ = {p, reading.taken_at, true};
  at_rest_ = Settled(now) && Magnitude(p - settling_at()) < Magnitude(commanded_) * kAtRestWithin + kOff;

  // Since the reading was measured the power may have moved on towards any goal of that time.
  const Nanoseconds age =
      now - reading.taken_at + FromSeconds(ToSeconds(response_.readback_latency) * (1.0 + response_.uncertainty));
  const PowerInterval goals = issued_count_ == 0 ? PowerInterval{p, p} : Goals(now);
  PowerInterval said{p - kReadingStep, p + kReadingStep};
  if (goals.low < said.low) said.low = Move(said.low, goals.low, fast_, age);
  if (goals.high > said.high) said.high = Move(said.high, goals.high, fast_, age);

  PowerInterval both{std::max(power_.low, said.low), std::min(power_.high, said.high)};
  const bool contradicts = both.low > both.high;
  if (contradicts) {
    Loosen(said);
    both = said;
  }
  power_ = both;
  if (contradicts || response_.lag <= Nanoseconds(0)) ramped_ = both;
  LearnGain(p);
}

void PowerTube::Loosen(const PowerInterval& said) noexcept {
  const Watts goal = settling_at();
  const bool ahead = Magnitude(said.Middle() - goal) < Magnitude(power_.Middle() - goal);
  double& factor = ahead ? fast_ : slow_;
  factor = std::min(factor * kLoosening, kLoosest);
}

void PowerTube::LearnGain(Watts reading) noexcept {
  if (!at_rest_ || Magnitude(commanded_) < kGainFrom) return;
  const double ratio = reading / commanded_;
  if (ratio < kGainMin || ratio > kGainMax) return;  // limited, derated or faulty: not a gain
  gain_ += kGainStep * (ratio - gain_);
}

bool PowerTube::Settled(MonotonicTime now) const noexcept {
  if (issued_count_ != 1 || now < issued_[0].latest) return false;
  if (!reports_power_) return power_ == Band(issued_[0].setpoint);
  return still_since_ != MonotonicTime::min() && now - still_since_ >= 2 * response_.readback_latency;
}

MonotonicTime PowerTube::SettledBy() const noexcept {
  if (issued_count_ == 0) return MonotonicTime::min();
  const Issued& newest = issued_[issued_count_ - 1];
  const Watts way = std::max(Magnitude(power_.low - newest.setpoint), Magnitude(power_.high - newest.setpoint));
  const double ramp = way.value() / std::min(response_.ramp_up, response_.ramp_down).value();
  return newest.latest + FromSeconds(slow_ * (ramp + 4.0 * ToSeconds(response_.lag)));
}

void PowerTube::Forget(PowerInterval possible) noexcept {
  power_ = possible;
  ramped_ = possible;
  still_since_ = MonotonicTime::min();
  at_rest_ = false;
}

}  // namespace abcds
