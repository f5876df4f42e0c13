// A Lumentree inverter as its registers show it. What lies behind them (output, battery, mains) is asked for by
// callbacks, so that any model of a house can stand there.
//
// Source: field experience collected in the Python system MacGH23/BatteryScript_ABCDs and in py-lumentree. Assumed:
// that setpoints are ignored for a second after the inverter's start, the refused registers, and the residual reading
// at 0 W.
#ifndef ABCDS_HAL_SIM_WIRE_LUMENTREE_H_
#define ABCDS_HAL_SIM_WIRE_LUMENTREE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "hal/sim/wire/modbus_line.h"
#include "hal/units/time.h"

namespace abcds::sim {

// Called by the line's thread: a model that others use as well must guard itself. Plain numbers, as a device sees
// itself: delivered power is positive.
struct LumentreePlant {
  std::function<double()> output_w;   // as the inverter would report it now
  std::function<void(double)> set_w;  // a setpoint was accepted
  std::function<void()> restart;      // AC has returned: it goes to full power by itself; may be missing
  std::function<double()> dc_voltage_v;
  std::function<double()> ac_voltage_v = [] { return 231.7; };
  std::function<double()> temperature_c = [] { return 31.9; };
};

class LumentreeInverter final : public ModbusUnit {
 public:
  // `max_power_w`: setpoints beyond are refused as an illegal value.
  LumentreeInverter(LumentreePlant plant, double max_power_w);

  uint8_t Read(uint16_t address, uint16_t count, std::vector<uint16_t>& values) override;
  uint8_t Write(uint16_t address, const std::vector<uint16_t>& values) override;
  bool Powered() override;

 private:
  const LumentreePlant plant_;
  const double max_power_w_;
  bool powered_ = true;
  MonotonicTime obeys_from_ = MonotonicTime::min();
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_LUMENTREE_H_
