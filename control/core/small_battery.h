// A battery for tests of its limits.
#ifndef ABCDS_CONTROL_CORE_SMALL_BATTERY_H_
#define ABCDS_CONTROL_CORE_SMALL_BATTERY_H_

#include <chrono>

#include "control/core/settings.h"
#include "control/core/types.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::small_battery {

inline const MonotonicTime kNow(std::chrono::seconds(1000));

// Eight cells, limits as in the original's example configuration, 50 A each way, no resistance.
inline BatterySettings Eight() {
  BatterySettings settings;
  settings.cells = 8;
  settings.cell_min = Volts(3.05);
  settings.cell_min_restart = Volts(3.20);
  settings.cell_max = Volts(3.45);
  settings.cell_max_restart = Volts(3.34);
  settings.soc_min = Ratio(0.10);
  settings.soc_restart = Ratio(0.15);
  settings.charge_temperature_min = Celsius(2);
  settings.charge_temperature_max = Celsius(45);
  settings.discharge_temperature_min = Celsius(-10);
  settings.discharge_temperature_max = Celsius(55);
  settings.full_current = Amperes(1);
  settings.silence_grace = std::chrono::seconds(30);
  return settings;
}

// 26.4 V, everything in its middle, half a second old.
inline BatteryInput Middle(MonotonicTime now = kNow) {
  const MonotonicTime taken = now - std::chrono::milliseconds(500);
  BatteryInput battery;
  battery.present = true;
  battery.voltage = {Volts(26.4), taken, true};
  battery.current = {Amperes(5), taken, true};
  battery.soc = {Ratio(0.5), taken, true};
  battery.cell_lowest = {Volts(3.29), taken, true};
  battery.cell_highest = {Volts(3.31), taken, true};
  battery.temperature_lowest = {Celsius(18), taken, true};
  battery.temperature_highest = {Celsius(20), taken, true};
  return battery;
}

}  // namespace abcds::small_battery

#endif  // ABCDS_CONTROL_CORE_SMALL_BATTERY_H_
