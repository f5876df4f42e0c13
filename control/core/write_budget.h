// How many new setpoints a device's memory may still be spent on, and which of them are worth it.
#ifndef ABCDS_CONTROL_CORE_WRITE_BUDGET_H_
#define ABCDS_CONTROL_CORE_WRITE_BUDGET_H_

#include "control/core/settings.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// Two token buckets over the same writes. What is saved, at the wanted rate and for up to three hours of it, bounds the
// wear over days. The pace, twice that rate with eight at a time, spreads what is saved over an afternoon of clouds: else
// the first minutes would spend it on what the later ones need more. A write is worth it when the energy that goes the
// wrong way without it exceeds a threshold, which grows as either bucket empties: so the tokens go where each saves most.
class WriteBudget {
 public:
  WriteBudget() = default;
  // A restart must not be worth hours of writes: it begins with half an hour's.
  explicit WriteBudget(double per_hour) noexcept;

  [[nodiscard]] bool limited() const noexcept { return per_hour_ > 0.0; }
  // Each cycle.
  void Refill(MonotonicTime now) noexcept;
  // So many were written; those that protect are written whatever is left, and must be saved up for again.
  void Spend(int writes) noexcept;
  // Whether that much energy, going the wrong way, is worth so many writes now.
  [[nodiscard]] bool Affords(Joules astray, int writes) const noexcept;
  [[nodiscard]] double saved() const noexcept { return saved_; }

 private:
  double per_hour_ = 0.0;
  double saved_ = 0.0;
  double pace_ = 0.0;
  MonotonicTime refilled_at_ = MonotonicTime::min();
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_WRITE_BUDGET_H_
