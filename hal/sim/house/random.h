// Random numbers that are the same with every standard library: only the raw engine is standardised, its distributions
// are not.
#ifndef ABCDS_HAL_SIM_HOUSE_RANDOM_H_
#define ABCDS_HAL_SIM_HOUSE_RANDOM_H_

#include <cmath>
#include <cstdint>
#include <random>

namespace abcds::sim {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // [0, 1)
  double Uniform() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }
  // Between 1/factor and factor, evenly in the logarithm: "a factor 0.5 to 2 off".
  double Factor(double factor) { return std::exp(Uniform(-std::log(factor), std::log(factor))); }
  // Standard normal, by Box and Muller.
  double Normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
    return radius * std::cos(6.283185307179586 * Uniform());
  }
  bool OneIn(uint64_t n) { return engine_() % n == 0; }
  uint64_t Raw() { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_HOUSE_RANDOM_H_
