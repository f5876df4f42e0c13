// How many new setpoints a device's memory may still be spent on, and which of them are worth it.
#ifndef ABCDS_CONTROL_CORE_WRITE_BUDGET_H_
#define ABCDS_CONTROL_CORE_WRITE_BUDGET_H_

#include "control/core/settings.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// A token bucket: refilled at the wanted rate, up to a burst that the first minutes of a day with clouds may use up. A
// write is worth it when the energy that has gone the wrong way since the last one exceeds a threshold, which grows as
// the bucket empties: so the tokens go where each saves most, and their rate settles at the wanted one by itself.
class WriteBudget {
 public:
  WriteBudget() = default;
  // A restart must not be worth a whole burst: it begins with half of it.
  WriteBudget(double per_hour, int burst) noexcept : per_hour_(per_hour), burst_(burst), tokens_(burst / 2.0) {}

  [[nodiscard]] bool limited() const noexcept { return per_hour_ > 0.0; }
  // Each cycle.
  void Refill(MonotonicTime now) noexcept;
  // So many were written; those that protect are written whatever is left, and must be saved up for again.
  void Spend(int writes) noexcept;
  // Whether that much energy, gone the wrong way, is worth so many writes now.
  [[nodiscard]] bool Affords(Joules astray, int writes) const noexcept;
  [[nodiscard]] double tokens() const noexcept { return tokens_; }

 private:
  double per_hour_ = 0.0;
  double burst_ = 0.0;
  double tokens_ = 0.0;
  MonotonicTime refilled_at_ = MonotonicTime::min();
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_WRITE_BUDGET_H_
