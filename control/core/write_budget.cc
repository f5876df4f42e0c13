#include "control/core/write_budget.h"

#include <algorithm>

namespace abcds {
namespace {

// Worth a write with a full bucket; inversely proportional to what is left of it: twice as much with half of it. Found
// on days with clouds (tests/bench): less spends the bucket on noise, more leaves it full.
constexpr Joules kWorthWhenFull{300};

}  // namespace

void WriteBudget::Refill(MonotonicTime now) noexcept {
  if (refilled_at_ != MonotonicTime::min()) {
    tokens_ = std::min(tokens_ + per_hour_ * ToSeconds(now - refilled_at_) / 3600.0, burst_);
  }
  refilled_at_ = now;
}

void WriteBudget::Spend(int writes) noexcept { tokens_ = std::max(tokens_ - writes, -burst_); }

bool WriteBudget::Affords(Joules astray, int writes) const noexcept {
  if (tokens_ < writes) return false;
  return Magnitude(astray) * tokens_ >= kWorthWhenFull * burst_ * writes;
}

}  // namespace abcds
