// A LiFePO4 pack: open-circuit voltage over the state of charge, resistance, heat.
#ifndef ABCDS_HAL_SIM_HOUSE_BATTERY_MODEL_H_
#define ABCDS_HAL_SIM_HOUSE_BATTERY_MODEL_H_

#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::sim {

struct BatteryOptions {
  int cells = 8;
  double capacity_ah = 100;
  Ratio soc{0.5};
  Ohms resistance{0.012};
  double spread_mv = 6;  // between the best and the worst cell, at rest
  Celsius ambient{20};
};

class BatteryModel {
 public:
  explicit BatteryModel(const BatteryOptions& options);

  // `power` at the terminals, + charges.
  void Step(Watts power, Nanoseconds dt);

  [[nodiscard]] Volts voltage() const { return voltage_; }
  [[nodiscard]] Amperes current() const { return current_; }
  [[nodiscard]] Ratio soc() const { return soc_; }
  [[nodiscard]] Volts cell_lowest() const;
  [[nodiscard]] Volts cell_highest() const;
  [[nodiscard]] Celsius temperature() const { return temperature_; }
  [[nodiscard]] const BatteryOptions& options() const { return options_; }

 private:
  [[nodiscard]] Volts OpenCircuit() const;

  BatteryOptions options_;
  Ratio soc_;
  Volts voltage_;
  Amperes current_;
  Celsius temperature_;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_HOUSE_BATTERY_MODEL_H_
