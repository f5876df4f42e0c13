// Charging below a charger's least current: its voltage is moved until the wanted current flows. Pure.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_VOLTAGE_LOOP_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_VOLTAGE_LOOP_H_

#include <cstdint>
#include <optional>

#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::meanwell {

// Between charger and cells there is a resistance of some milliohms: at 24 V one step of 10 mV was measured to change
// the current by about 0.8 A, which makes 12 mΩ. Each correction is a part of what that model says, so that the loop
// is stable for a resistance from a third of it upwards.
class VoltageLoop {
 public:
  // `nominal` of the charger; the voltage stays within [lowest, highest], the latter being the end-of-charge voltage.
  VoltageLoop(Volts nominal, Volts lowest, Volts highest) noexcept;

  // Begins anew from what is measured: with the output off `current` is 0 and `voltage` the battery's.
  void Start(Amperes wanted, Volts voltage, Amperes current, MonotonicTime now) noexcept;
  void Stop() noexcept { voltage_.reset(); }
  [[nodiscard]] bool running() const noexcept { return voltage_.has_value(); }
  // The setpoint was changed by a new command.
  void SetWanted(Amperes wanted) noexcept { wanted_ = wanted; }

  // A reading that was asked for at `asked_at`. Readings older than the effect of the last correction do not count.
  void OnReading(Amperes current, MonotonicTime asked_at, MonotonicTime now) noexcept;

  // To be written, in steps of 10 mV. Only while running.
  [[nodiscard]] Volts voltage() const noexcept { return *voltage_; }

 private:
  void Set(Volts voltage, MonotonicTime now) noexcept;

  const Volts lowest_;
  const Volts highest_;
  const Ohms resistance_;
  Amperes wanted_;
  std::optional<Volts> voltage_;
  MonotonicTime changed_at_ = MonotonicTime::min();
};

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_VOLTAGE_LOOP_H_
