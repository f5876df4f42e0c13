// Physical quantities as types: the compiler keeps watts from meeting volts or milliwatts.
#ifndef ABCDS_HAL_UNITS_QUANTITY_H_
#define ABCDS_HAL_UNITS_QUANTITY_H_

#include <cmath>
#include <compare>

namespace abcds {

// A physical quantity in its unprefixed unit. Adding watts to volts does not compile, and a bare double never becomes
// a quantity by accident.
template <class Unit>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(double value) : value_(value) {}

  // The bare number, for codecs, protos, metrics and dimensionless formulas only.
  [[nodiscard]] constexpr double value() const { return value_; }

  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.value_ + b.value_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.value_ - b.value_); }
  friend constexpr Quantity operator-(Quantity a) { return Quantity(-a.value_); }
  friend constexpr Quantity operator*(Quantity a, double k) { return Quantity(a.value_ * k); }
  friend constexpr Quantity operator*(double k, Quantity a) { return Quantity(a.value_ * k); }
  friend constexpr Quantity operator/(Quantity a, double k) { return Quantity(a.value_ / k); }
  friend constexpr double operator/(Quantity a, Quantity b) { return a.value_ / b.value_; }
  constexpr Quantity& operator+=(Quantity b) { return *this = *this + b; }
  constexpr Quantity& operator-=(Quantity b) { return *this = *this - b; }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;

 private:
  double value_ = 0.0;
};

using Watts = Quantity<struct WattUnit>;
using Volts = Quantity<struct VoltUnit>;
using Amperes = Quantity<struct AmpereUnit>;
using Ohms = Quantity<struct OhmUnit>;
using Celsius = Quantity<struct CelsiusUnit>;
using WattsPerSecond = Quantity<struct WattPerSecondUnit>;
using Joules = Quantity<struct JouleUnit>;
// A share of a whole, 0 to 1: state of charge, efficiency.
using Ratio = Quantity<struct RatioUnit>;

constexpr Watts operator*(Volts u, Amperes i) { return Watts(u.value() * i.value()); }
constexpr Watts operator*(Amperes i, Volts u) { return u * i; }
constexpr Volts operator*(Amperes i, Ohms r) { return Volts(i.value() * r.value()); }
constexpr Amperes operator/(Watts p, Volts u) { return Amperes(p.value() / u.value()); }

template <class Unit>
constexpr Quantity<Unit> Magnitude(Quantity<Unit> q) {
  return q < Quantity<Unit>() ? -q : q;
}

template <class Unit>
[[nodiscard]] inline bool IsFinite(Quantity<Unit> q) {
  return std::isfinite(q.value());
}

}  // namespace abcds

#endif  // ABCDS_HAL_UNITS_QUANTITY_H_
