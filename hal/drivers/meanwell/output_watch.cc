#include "hal/drivers/meanwell/output_watch.h"

namespace abcds::meanwell {
namespace {

// A change of a twentieth of the rated current moves voltage or current by many digits.
constexpr double kTellingChange = 0.05;
constexpr Nanoseconds kFrozenAfter = std::chrono::seconds(10);
// Read-backs are within 1 % of the rated current, setpoints likewise; ramps and the time an output takes to stop are
// over by then.
constexpr double kTolerated = 0.04;
constexpr Nanoseconds kTooMuchAfter = std::chrono::seconds(5);

}  // namespace

void OutputWatch::OnSetpoint(Amperes current, MonotonicTime now) noexcept {
  if (current == told_) return;
  told_ = current;
  told_at_ = now;
  too_much_since_.reset();
  if (!unmoved_since_ && fingerprint_ && Magnitude(told_ - told_then_) > rated_ * kTellingChange) unmoved_since_ = now;
}

void OutputWatch::OnReading(Amperes current, uint32_t fingerprint, MonotonicTime now) noexcept {
  if (fingerprint_ != fingerprint) {
    fingerprint_ = fingerprint;
    told_then_ = told_;
    unmoved_since_.reset();
    frozen_ = false;
  } else if (unmoved_since_ && now - *unmoved_since_ > kFrozenAfter) {
    frozen_ = true;
  }
  if (Magnitude(current) <= told_ + rated_ * kTolerated) {
    too_much_since_.reset();
    verdict_ = Verdict::kGood;
  } else {
    if (!too_much_since_) too_much_since_ = now;
    if (now - *too_much_since_ > kTooMuchAfter) verdict_ = Verdict::kTooMuch;
  }
}

void OutputWatch::Forget() noexcept {
  fingerprint_.reset();
  unmoved_since_.reset();
  too_much_since_.reset();
  verdict_ = Verdict::kGood;
}

}  // namespace abcds::meanwell
