// All that a power has been over the time that a slow sample may speak of.
#ifndef ABCDS_CONTROL_CORE_POWER_WINDOW_H_
#define ABCDS_CONTROL_CORE_POWER_WINDOW_H_

#include "control/core/interval.h"

namespace abcds {

// A battery's current is as old as its frame and what the BMS averages over: it is held against all that the power has
// been since the sample before the last one.
class PowerWindow {
 public:
  // Each cycle.
  void Add(PowerInterval power) noexcept { during_ = Hull(during_, power); }
  // When a sample has come, after Add().
  [[nodiscard]] PowerInterval Close(PowerInterval power) noexcept {
    const PowerInterval all = Hull(before_, during_);
    before_ = during_;
    during_ = power;
    return all;
  }

 private:
  PowerInterval before_{};  // between the two samples before …
  PowerInterval during_{};  // … and since
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_POWER_WINDOW_H_
