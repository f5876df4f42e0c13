// A device of the simulated site with its end of the wire: what people are told of it, what of it can be broken, and
// what the daemon's configuration says of it. One small class per kind of device, in a file of its own.
#ifndef ABCDS_HAL_SIM_SITE_DEVICE_H_
#define ABCDS_HAL_SIM_SITE_DEVICE_H_

#include <string>
#include <vector>

#include "hal/sim/breakable.h"
#include "hal/units/quantity.h"

namespace abcds::sim {

class SiteDevice {
 public:
  virtual ~SiteDevice() = default;

  // One line or several: "inverter: Lumentree 600 at /tmp/abcds-sim-lumentree".
  [[nodiscard]] virtual std::string Description() const = 0;
  // Valid as long as the device.
  [[nodiscard]] virtual std::vector<Breakable> Breakables() = 0;
  // Its blocks of the daemon's configuration (bus, converter, …), with nominal delays, all divided by `speed`.
  [[nodiscard]] virtual std::string ConfigText(double speed) const = 0;
  // The house's grid meter has measured; only a meter listens.
  virtual void OnMeasurement(Watts) {}
  // Before each step of the house: for devices that have dynamics of their own.
  virtual void OnStep() {}
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_SITE_DEVICE_H_
