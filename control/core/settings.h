// What the control core is configured with. Filled by server/config, immutable afterwards. All relations hold (checked
// there): min <= max, restart thresholds on the right side.
#ifndef ABCDS_CONTROL_CORE_SETTINGS_H_
#define ABCDS_CONTROL_CORE_SETTINGS_H_

#include <array>

#include "control/core/types.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

struct MeterSettings {
  Nanoseconds interval = std::chrono::seconds(1);
  Nanoseconds latency = std::chrono::milliseconds(500);    // end of the measuring window to arrival
  Nanoseconds averaging = std::chrono::seconds(1);         // width of the window
  double timing_uncertainty = 0.45;                        // each is wrong by a factor of up to 1 + this
  Watts noise{4};
  Watts plausible{50'000};
};

// How a converter answers a new setpoint.
struct ResponseSettings {
  Nanoseconds dead_time = std::chrono::milliseconds(300);
  Nanoseconds start_delay{0};                 // additional, from 0 W
  WattsPerSecond ramp_up{1e5};                // while the power grows in magnitude
  WattsPerSecond ramp_down{1e5};
  Nanoseconds lag{0};                         // first-order time constant; 0: none
  Nanoseconds readback_latency = std::chrono::milliseconds(300);
  double uncertainty = 0.45;                 // each is wrong by a factor of up to 1 + this
  Watts output_tolerance{10};                 // settled power differs from the setpoint by at most this …
  double output_tolerance_share = 0.05;       // … plus this share of it
};

struct ConverterSettings {
  bool charges = false;
  bool discharges = false;
  Watts min_charge;
  Watts max_charge;
  Watts min_discharge;
  Watts max_discharge;
  Watts deadband{10};
  Nanoseconds minimum_interval = std::chrono::milliseconds(500);
  WattsPerSecond slew{1e9};
  bool reports_power = true;
  // Between its AC and its DC side, either way: charging AC x this, discharging AC / this is what the battery sees.
  double efficiency = 0.92;
  // Writes an hour that its memory may be spent on, on average, while it says that each setpoint wears it out. A start is
  // two of them (one with the setpoint that it last ran with), a start in the other direction four, all else one. 0: no
  // limit.
  double writes_per_hour = 0.0;
  // For a charger that is either on or off (min_charge == max_charge): how long it stays so at least, and the surplus
  // from which it is switched on and below which off. 0: its power, and 0.6 of it.
  Nanoseconds minimum_on{0};
  Nanoseconds minimum_off{0};
  Watts switch_on;
  Watts switch_off;
  ResponseSettings response;
};

struct BatterySettings {
  int cells = 0;
  Volts cell_min{3.05};
  Volts cell_min_restart{3.20};
  Volts cell_max{3.45};
  Volts cell_max_restart{3.34};
  Ratio soc_min{0.0};
  Ratio soc_restart{0.05};
  Celsius charge_temperature_min{2};
  Celsius charge_temperature_max{45};
  Celsius discharge_temperature_min{-10};
  Celsius discharge_temperature_max{55};
  bool charge_without_temperature = false;  // a BMS without a usable sensor does not forbid charging
  Ohms resistance{0};
  Amperes max_charge_current{50};
  Amperes max_discharge_current{50};
  Amperes full_current{1};
  Nanoseconds silence_grace = std::chrono::seconds(30);
};

struct RegulationSettings {
  Watts target;
  Watts charge_bias;
  Watts discharge_bias;
  Nanoseconds reversal_hold = std::chrono::seconds(2);
  bool lead = true;
  bool charge_enabled = true;
  bool discharge_enabled = true;
};

struct CoreSettings {
  MeterSettings meter;
  BatterySettings battery;
  RegulationSettings regulation;
  std::array<ConverterSettings, kMaxConverters> converters;
  int converter_count = 0;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_SETTINGS_H_
