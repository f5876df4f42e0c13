// From a commanded power to the current that a device is told, within what it can do. Pure.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_SETPOINT_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_SETPOINT_H_

#include <cstdint>

#include "hal/drivers/meanwell/model.h"
#include "hal/units/quantity.h"

namespace abcds::meanwell {

enum class Direction : uint8_t { kCharge = 0, kDischarge = 1 };

struct Setpoint {
  enum class Kind : uint8_t {
    kOff,
    kCurrent,  // the device regulates the current
    kVoltage,  // charging below its least current: the voltage does
  };
  Kind kind = Kind::kOff;
  Direction direction = Direction::kCharge;
  Amperes current;  // a magnitude
  Watts power;      // what it answers, + charges: the command within the limits, or 0
};

// What the device can do now. Magnitudes at the AC side.
struct Limits {
  Watts max_charge;
  Watts max_discharge;
  Watts min_charge;
  Watts min_discharge;
};

struct SetpointOptions {
  const Model* model = nullptr;
  double efficiency = 0.92;   // AC to DC and back, at any power
  bool voltage_loop = false;  // charging below the least current is possible
  double derating = 1;        // share of the rated current
};

// `voltage`: at the DC terminals. Below 1 V all are 0.
[[nodiscard]] Limits LimitsAt(const SetpointOptions& options, Volts voltage) noexcept;
// `power` within `limits` (+ charges; NaN is 0 W), as a current at that voltage. Less than the least current is off, or
// left to the voltage; up to 5 % less counts as the least current, since the voltage has moved since somebody worked
// out the power.
[[nodiscard]] Setpoint SetpointFor(const SetpointOptions& options, const Limits& limits, Watts power,
                                   Volts voltage) noexcept;

// AC power from what a device measures at its DC terminals, + charges.
[[nodiscard]] Watts AcPower(Volts voltage, Amperes current, double efficiency) noexcept;

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_SETPOINT_H_
