// How many new setpoints a device's memory may still be spent on, and which of them are worth it.
#ifndef ABCDS_CONTROL_CORE_WRITE_BUDGET_H_
#define ABCDS_CONTROL_CORE_WRITE_BUDGET_H_

#include <cstdint>
#include <optional>

#include "control/core/types.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// Two token buckets over the same writes. What is saved, at the wanted rate and for up to three hours of it, bounds the
// wear over days. The pace, twice that rate with eight at a time, spreads what is saved over an afternoon of clouds: else
// the first minutes would spend it on what the later ones need more. A write is worth it when the energy that goes the
// wrong way without it exceeds a threshold, which grows as either bucket empties: so the tokens go where each saves most.
//
// Spent is what the device's own count grows by: setpoints, stops of the guard, commissioning by hand, all alike.
class WriteBudget {
 public:
  WriteBudget() = default;
  // The first time it begins with half an hour's.
  explicit WriteBudget(double per_hour) noexcept;
  // What an earlier run had left, less what was written since. A count that ran ahead of a crash costs what is saved, but
  // makes no debts.
  void Restore(const WriteSavings& kept) noexcept;

  [[nodiscard]] bool limited() const noexcept { return per_hour_ > 0.0; }
  // Each cycle. `written`: the device's count. What protects is written whatever is left, and must be saved up for again.
  void Update(std::optional<uint64_t> written, MonotonicTime now) noexcept;
  // Whether that much energy, going the wrong way, is worth so many writes now. Never before the device has counted.
  [[nodiscard]] bool Affords(Joules astray, int writes) const noexcept;
  // Missing until the device has counted.
  [[nodiscard]] std::optional<WriteSavings> savings() const noexcept;

 private:
  void Begin() noexcept;
  void Refill(MonotonicTime now) noexcept;

  double per_hour_ = 0.0;
  double saved_ = 0.0;
  double pace_ = 0.0;
  std::optional<WriteSavings> kept_;  // until the device's first count
  std::optional<uint64_t> written_;
  MonotonicTime refilled_at_ = MonotonicTime::min();
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_WRITE_BUDGET_H_
