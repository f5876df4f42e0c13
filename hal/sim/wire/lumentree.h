// A Lumentree inverter as its registers show it. What lies behind them (output, battery, mains) is asked for by
// callbacks, so that any model of a house can stand there.
//
// Source: field experience collected in the Python system MacGH23/BatteryScript_ABCDs and in py-lumentree. Assumed:
// that setpoints are ignored for a second after the inverter's start, the refused registers, and the residual reading
// at 0 W.
#ifndef ABCDS_HAL_SIM_WIRE_LUMENTREE_H_
#define ABCDS_HAL_SIM_WIRE_LUMENTREE_H_

#include <cstdint>
#include <vector>

#include "hal/sim/wire/inverter_plant.h"
#include "hal/sim/wire/modbus_line.h"
#include "hal/units/time.h"

namespace abcds::sim {

using LumentreePlant = InverterPlant;

class LumentreeInverter final : public ModbusUnit {
 public:
  // `max_power_w`: setpoints beyond are refused as an illegal value.
  LumentreeInverter(InverterPlant plant, double max_power_w);

  uint8_t Read(uint16_t address, uint16_t count, std::vector<uint16_t>& values) override;
  uint8_t Write(uint16_t address, const std::vector<uint16_t>& values) override;
  bool Powered() override;

 private:
  const InverterPlant plant_;
  const double max_power_w_;
  bool powered_ = true;
  MonotonicTime obeys_from_ = MonotonicTime::min();
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_LUMENTREE_H_
