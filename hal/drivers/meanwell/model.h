// What each model of Mean Well's BIC-2200 and NPB can do.
//
// Source: data sheets of NPB-450/750/1200/1700 and BIC-2200 as collected by the projects in README.md. The BIC's
// currents are those of battery mode, which are narrower than in the mode that finds the direction by itself.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_MODEL_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_MODEL_H_

#include <span>
#include <string>

#include "hal/drivers/meanwell/command.h"
#include "hal/units/quantity.h"

namespace abcds::meanwell {

struct Model {
  const char* name;  // as the device reports it
  Family family;
  Volts nominal;
  Volts voltage_min;  // of the setpoints, for both directions
  Volts voltage_max;
  Amperes charge_min;
  Amperes charge_max;
  Amperes discharge_min;  // 0: it cannot
  Amperes discharge_max;
  Watts charge_rated;     // DC
  Watts discharge_rated;  // AC
};

[[nodiscard]] std::span<const Model> Models() noexcept;
// By what MFR_MODEL says, or how people write it: padding, lower case and a leading zero ("NPB-0450-24") do not matter.
// What follows a known name ("NPB-450-24AD") does not either, unless it is a digit. Null: unknown.
[[nodiscard]] const Model* FindModel(const std::string& name);

// The most DC current at this battery voltage, within rated current and power. `efficiency`: AC to DC, or back.
[[nodiscard]] Amperes MostChargeCurrent(const Model& model, Volts voltage) noexcept;
[[nodiscard]] Amperes MostDischargeCurrent(const Model& model, Volts voltage, double efficiency) noexcept;

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_MODEL_H_
