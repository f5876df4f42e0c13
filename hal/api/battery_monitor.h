// The contract of a battery management system as a source of measurements and permissions.
#ifndef ABCDS_HAL_API_BATTERY_MONITOR_H_
#define ABCDS_HAL_API_BATTERY_MONITOR_H_

#include "hal/api/device_details.h"
#include "hal/api/lifecycle.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"

namespace abcds {

// Trivially copyable: crosses the real-time border through a Mailbox. A sample that a device does not have stays
// invalid for ever.
struct BatteryState {
  Sample<Volts> voltage;     // of the pack
  Sample<Amperes> current;   // + charges
  Sample<Ratio> soc;         // 0 to 1
  Sample<Volts> cell_lowest;
  Sample<Volts> cell_highest;
  Sample<Celsius> temperature_lowest;
  Sample<Celsius> temperature_highest;
  // The BMS's own limits, magnitudes; invalid where it has none.
  Sample<Amperes> charge_current_limit;
  Sample<Amperes> discharge_current_limit;
  // Its permissions, as of `voltage.taken_at`. False when it forbids (switch open, alarm); true while it has not spoken,
  // since silence is judged by age.
  bool charge_allowed = true;
  bool discharge_allowed = true;
  Lifecycle lifecycle = Lifecycle::kConnecting;
};

class BatteryMonitor {
 public:
  virtual ~BatteryMonitor() = default;

  // Ordinary threads. Start() returns at once and retries for ever; Stop() is idempotent.
  virtual void Start() = 0;
  virtual void Stop() = 0;
  [[nodiscard]] virtual DeviceDetails Details() const = 0;

  // Real-time thread: wait-free, no allocation.
  [[nodiscard]] virtual BatteryState Latest() noexcept = 0;
};

}  // namespace abcds

#endif  // ABCDS_HAL_API_BATTERY_MONITOR_H_
