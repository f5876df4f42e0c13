// What a device can do at this moment, from its model, the battery's voltage and what the battery takes. Pure.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_CAPABILITY_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_CAPABILITY_H_

#include <optional>

#include "hal/drivers/meanwell/command.h"
#include "hal/drivers/meanwell/setpoint.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::meanwell {

// Limits that stand still while nothing changes: each change may cost a write. Both ends of the battery show in them: at
// the voltage that a device is set to it delivers less, and a BIC would turn around.
class Capability {
 public:
  // `charge_voltage`, `discharge_voltage`: that the device is set to; the second of a BIC only.
  Capability(Family family, Volts charge_voltage, Volts discharge_voltage) noexcept
      : bic_(family == Family::kBic), charge_voltage_(charge_voltage), discharge_voltage_(discharge_voltage) {}

  struct Seen {
    Volts voltage;    // at its terminals
    Amperes current;  // + charges
    bool runs = false;     // its output is on, and has started
    bool charges = false;  // BIC: that is the direction it is set to
    Setpoint setpoint;     // that it was told
  };
  // `options.model` must be there.
  void Update(const SetpointOptions& options, const Seen& seen, MonotonicTime now) noexcept;
  // It can do nothing now.
  void Suspend() noexcept { limits_ = {}; }
  // Nothing is known of it any more.
  void Forget() noexcept;

  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

 private:
  [[nodiscard]] bool ChargeBlocked(const Model& model, const Seen& seen, MonotonicTime now) noexcept;
  void LimitToWhatTheBatteryTakes(const SetpointOptions& options, const Seen& seen, MonotonicTime now) noexcept;

  const bool bic_;
  const Volts charge_voltage_;
  const Volts discharge_voltage_;
  Limits limits_;
  Volts voltage_;  // that they were worked out for
  std::optional<MonotonicTime> at_voltage_since_;  // the battery takes less than it is offered,
  Watts battery_takes_;                            // this much at the AC side
  std::optional<MonotonicTime> full_since_;        // BIC: at its charge voltage, and hardly any current
  bool charge_blocked_ = false;                    // BIC: beyond its charge voltage it would discharge
  bool discharge_blocked_ = false;                 // BIC: below its floor it would charge
};

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_CAPABILITY_H_
