#include "control/core/write_budget.h"

#include <algorithm>

namespace abcds {
namespace {

// Worth a write with full buckets; inversely proportional to what is left: twice as much with half of it. This and the
// numbers below were found on days and minutes with clouds (tests/bench).
constexpr Joules kWorthWhenFull{700};
constexpr double kPace = 2.0;           // times the wanted rate
constexpr double kPaceBurst = 8.0;
constexpr double kSavedHoursMost = 3.0;
constexpr double kSavedHoursAtStart = 0.5;
constexpr double kScarceHours = 0.25;   // less saved than this makes a write dearer

}  // namespace

WriteBudget::WriteBudget(double per_hour) noexcept
    : per_hour_(per_hour), saved_(per_hour * kSavedHoursAtStart), pace_(kPaceBurst) {}

void WriteBudget::Refill(MonotonicTime now) noexcept {
  if (refilled_at_ != MonotonicTime::min()) {
    const double fresh = per_hour_ * ToSeconds(now - refilled_at_) / 3600.0;
    saved_ = std::min(saved_ + fresh, per_hour_ * kSavedHoursMost);
    pace_ = std::min(pace_ + fresh * kPace, kPaceBurst);
  }
  refilled_at_ = now;
}

void WriteBudget::Spend(int writes) noexcept {
  saved_ = std::max(saved_ - writes, -per_hour_ * kSavedHoursMost);
  pace_ = std::max(pace_ - writes, -kPaceBurst);
}

bool WriteBudget::Affords(Joules astray, int writes) const noexcept {
  if (saved_ < writes || pace_ < writes) return false;
  const double fill = std::min({1.0, pace_ / kPaceBurst, saved_ / (per_hour_ * kScarceHours)});
  return Magnitude(astray) * fill >= kWorthWhenFull * writes;
}

}  // namespace abcds
