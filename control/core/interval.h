// A closed interval of power: what is known of a quantity that is not known exactly.
#ifndef ABCDS_CONTROL_CORE_INTERVAL_H_
#define ABCDS_CONTROL_CORE_INTERVAL_H_

#include <algorithm>

#include "hal/units/quantity.h"

namespace abcds {

struct PowerInterval {
  Watts low;
  Watts high;

  [[nodiscard]] constexpr Watts Middle() const { return (low + high) / 2.0; }
  [[nodiscard]] constexpr Watts Width() const { return high - low; }
  // The point of the interval that is nearest to `p`.
  [[nodiscard]] constexpr Watts Nearest(Watts p) const { return std::clamp(p, low, high); }

  friend constexpr PowerInterval operator+(PowerInterval a, PowerInterval b) {
    return {a.low + b.low, a.high + b.high};
  }
  // The smallest interval that contains both.
  friend constexpr PowerInterval Hull(PowerInterval a, PowerInterval b) {
    return {std::min(a.low, b.low), std::max(a.high, b.high)};
  }
  friend constexpr bool operator==(const PowerInterval&, const PowerInterval&) = default;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_INTERVAL_H_
