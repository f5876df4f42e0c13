#include "hal/drivers/meter/trust.h"

#include <algorithm>

namespace abcds {
namespace {

using std::chrono::seconds;

constexpr int kBurst = 3;

}  // namespace

MeterTrust::MeterTrust(Nanoseconds interval)
    : interval_(interval), silence_(std::max<Nanoseconds>(3 * interval, seconds(3))) {}

void MeterTrust::OnLink() noexcept {
  linked_ = true;
  Distrust(Lifecycle::kInactive);
}

void MeterTrust::OnLinkLost() noexcept {
  linked_ = false;
  Distrust(Lifecycle::kConnecting);
}

void MeterTrust::OnValue(Watts power, MonotonicTime now) noexcept {
  OnTime(now);  // the silence before this value counts, whether or not the timer came in time
  if (previous_) {
    spacing_ = now - *previous_;
    burst_ = 3 * spacing_ < interval_ ? burst_ + 1 : 0;
    if (bursting() && trusted()) {
      ++losses_;
      state_.lifecycle = Lifecycle::kInactive;
    }
    if (2 * spacing_ >= interval_) state_.lifecycle = Lifecycle::kActive;
  }
  previous_ = now;
  state_.power = {power, now, true};
  ++state_.sequence;
}

void MeterTrust::OnTime(MonotonicTime now) noexcept {
  if (previous_ && now - *previous_ > silence_) Distrust(linked_ ? Lifecycle::kInactive : Lifecycle::kConnecting);
}

MonotonicTime MeterTrust::NextDue() const noexcept {
  // One tick later, since silence is *longer* than its limit.
  return previous_ ? *previous_ + silence_ + Nanoseconds(1) : MonotonicTime::max();
}

bool MeterTrust::bursting() const noexcept { return burst_ >= kBurst; }

void MeterTrust::Distrust(Lifecycle lifecycle) noexcept {
  if (trusted()) ++losses_;
  previous_.reset();
  burst_ = 0;
  state_.lifecycle = lifecycle;
}

}  // namespace abcds
