#include "hal/drivers/register_inverter/output_watch.h"

namespace abcds::register_inverter {
namespace {

// A deviation that shrinks this much is a ramp under way.
constexpr Watts kProgress(20);

}  // namespace

bool OutputWatch::Judge(Watts power, Watts setpoint, MonotonicTime now) noexcept {
  const Watts deviation = Magnitude(power - setpoint);
  if (deviation <= kTolerated) {
    deviates_ = false;
    return false;
  }
  if (!deviates_) since_ = now;
  const bool approaches = !deviates_ || deviation <= deviation_then_ - kProgress;
  deviates_ = true;
  if (!approaches && now - rewrite_from_ <= rewrite_after_) return false;
  rewrite_from_ = now;
  deviation_then_ = deviation;
  return !approaches;
}

bool OutputWatch::NotFollowing(MonotonicTime now) const noexcept { return deviates_ && now - since_ > tell_after_; }

}  // namespace abcds::register_inverter
