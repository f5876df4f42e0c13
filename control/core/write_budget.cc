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
// A count that jumps by more, or falls, is another device's: nobody writes a day's worth unseen.
constexpr double kJumpHours = 24.0;

}  // namespace

WriteBudget::WriteBudget(double per_hour) noexcept : per_hour_(per_hour) { Begin(); }

void WriteBudget::Begin() noexcept {
  saved_ = per_hour_ * kSavedHoursAtStart;
  pace_ = kPaceBurst;
}

void WriteBudget::Restore(const WriteSavings& kept) noexcept {
  kept_ = kept;
  const double most = per_hour_ * kSavedHoursMost;  // the wanted rate may be another one than it was
  saved_ = std::clamp(kept.left, -most, most);
}

void WriteBudget::Refill(MonotonicTime now) noexcept {
  if (refilled_at_ != MonotonicTime::min()) {
    const double fresh = per_hour_ * ToSeconds(now - refilled_at_) / 3600.0;
    saved_ = std::min(saved_ + fresh, per_hour_ * kSavedHoursMost);
    pace_ = std::min(pace_ + fresh * kPace, kPaceBurst);
  }
  refilled_at_ = now;
}

void WriteBudget::Update(std::optional<uint64_t> written, MonotonicTime now) noexcept {
  Refill(now);
  if (!written.has_value()) return;
  const bool first = !written_.has_value();
  const uint64_t before = first ? (kept_.has_value() ? kept_->written : *written) : *written_;
  written_ = written;
  if (*written < before || static_cast<double>(*written - before) > per_hour_ * kJumpHours) {
    Begin();
    return;
  }
  const auto spent = static_cast<double>(*written - before);
  saved_ = std::max(saved_ - spent, first ? std::min(saved_, 0.0) : -per_hour_ * kSavedHoursMost);
  if (!first) pace_ = std::max(pace_ - spent, -kPaceBurst);
}

bool WriteBudget::Affords(Joules astray, int writes) const noexcept {
  if (!written_.has_value() || saved_ < writes || pace_ < writes) return false;
  const double fill = std::min({1.0, pace_ / kPaceBurst, saved_ / (per_hour_ * kScarceHours)});
  return Magnitude(astray) * fill >= kWorthWhenFull * writes;
}

std::optional<WriteSavings> WriteBudget::savings() const noexcept {
  if (!limited() || !written_.has_value()) return std::nullopt;
  return WriteSavings{.left = saved_, .written = *written_};
}

}  // namespace abcds
