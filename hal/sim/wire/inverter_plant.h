// What lies behind the registers of a simulated inverter.
#ifndef ABCDS_HAL_SIM_WIRE_INVERTER_PLANT_H_
#define ABCDS_HAL_SIM_WIRE_INVERTER_PLANT_H_

#include <functional>

namespace abcds::sim {

// Called by the line's thread: a model that others use as well must guard itself. Plain numbers, as a device sees
// itself: delivered power is positive.
struct InverterPlant {
  std::function<double()> output_w;   // as the inverter would report it now
  std::function<void(double)> set_w;  // a setpoint was accepted
  std::function<void()> restart;      // AC has returned: it does by itself what it does then; may be missing
  std::function<double()> dc_voltage_v;
  std::function<double()> ac_voltage_v = [] { return 231.7; };
  std::function<double()> temperature_c = [] { return 31.9; };
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_INVERTER_PLANT_H_
