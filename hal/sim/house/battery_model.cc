#include "hal/sim/house/battery_model.h"

#include <algorithm>
#include <array>

namespace abcds::sim {
namespace {

// Typical resting voltage of one LiFePO4 cell; flat in the middle and steep at both ends, which is what makes voltage
// limits work and voltage-based charge estimates fail.
struct CurvePoint {
  double soc;
  double volts;
};
constexpr std::array<CurvePoint, 11> kCellCurve = {{{0.00, 2.60},
                                                    {0.02, 2.95},
                                                    {0.05, 3.10},
                                                    {0.10, 3.20},
                                                    {0.20, 3.25},
                                                    {0.40, 3.285},
                                                    {0.60, 3.305},
                                                    {0.80, 3.33},
                                                    {0.95, 3.345},
                                                    {0.99, 3.42},
                                                    {1.00, 3.60}}};

}  // namespace

BatteryModel::BatteryModel(const BatteryOptions& options)
    : options_(options), soc_(options.soc), temperature_(options.ambient) {
  voltage_ = OpenCircuit();
}

Volts BatteryModel::OpenCircuit() const {
  const double soc = std::clamp(soc_.value(), 0.0, 1.0);
  size_t upper = 1;
  while (upper + 1 < kCellCurve.size() && kCellCurve[upper].soc < soc) ++upper;
  const CurvePoint& a = kCellCurve[upper - 1];
  const CurvePoint& b = kCellCurve[upper];
  return Volts(options_.cells * (a.volts + (soc - a.soc) / (b.soc - a.soc) * (b.volts - a.volts)));
}

void BatteryModel::Step(Watts power, Nanoseconds dt) {
  // The voltage of the last step is close enough: it moves by millivolts in a step.
  current_ = power / voltage_;
  voltage_ = OpenCircuit() + current_ * options_.resistance;
  const double hours = ToSeconds(dt) / 3600.0;
  soc_ = Ratio(std::clamp(soc_.value() + current_.value() * hours / options_.capacity_ah, 0.0, 1.0));
  // Resistive heat into some 20 kJ/K of cells, half an hour's time constant to the room.
  const double heat_w = current_.value() * current_.value() * options_.resistance.value();
  const double drift = (options_.ambient - temperature_).value() / 1800.0 + heat_w / 20'000.0;
  temperature_ += Celsius(drift * ToSeconds(dt));
}

Volts BatteryModel::cell_lowest() const {
  return voltage_ / options_.cells - Volts(options_.spread_mv / 2000.0);
}

Volts BatteryModel::cell_highest() const {
  return voltage_ / options_.cells + Volts(options_.spread_mv / 2000.0);
}

}  // namespace abcds::sim
