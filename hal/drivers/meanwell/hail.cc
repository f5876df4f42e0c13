#include "hal/drivers/meanwell/hail.h"

#include <algorithm>

namespace abcds::meanwell {

void Hail::Begin(bool off, MonotonicTime now) noexcept {
  offs_left_ = off ? 0 : Timing::kBlindOffs;
  tells_off_ = offs_left_ > 0;
  Hasten(now);
}

void Hail::Hasten(MonotonicTime now) noexcept {
  at_ = now;
  pause_ = Timing::kRetryFirst;
}

void Hail::OnSilence(bool insist, MonotonicTime now) noexcept {
  at_ = now + NextPause();
  tells_off_ = offs_left_ > 0 || (insist && at_ >= told_off_at_ + Timing::kBlindOffAgain);
}

void Hail::OnToldOff(MonotonicTime now) noexcept {
  tells_off_ = false;
  told_off_at_ = now;
  offs_left_ = std::max(offs_left_ - 1, 0);
}

Nanoseconds Hail::NextPause() noexcept {
  random_ = random_ * 1664525u + 1013904223u;  // Numerical Recipes' generator
  const double share = 0.5 + 0.5 * static_cast<double>(random_ >> 8) / static_cast<double>(1u << 24);
  const Nanoseconds pause = FromSeconds(ToSeconds(pause_) * share);
  pause_ = std::min(2 * pause_, Timing::kRetryLongest);
  return pause;
}

}  // namespace abcds::meanwell
