// A Lumentree inverter as a power converter that discharges.
#ifndef ABCDS_HAL_DRIVERS_LUMENTREE_DEVICE_H_
#define ABCDS_HAL_DRIVERS_LUMENTREE_DEVICE_H_

#include <cstdint>
#include <string>

#include "hal/drivers/lumentree/codec.h"
#include "hal/drivers/register_inverter/device.h"

namespace abcds {

using LumentreeModel = lumentree::Model;

struct LumentreeOptions {
  LumentreeModel model = LumentreeModel::k600;
  uint8_t address = 1;     // Modbus unit, 1 to 247
  std::string port_label;  // what details and sentences call the port
};

// The common inverter with the Lumentree's registers; order of life as there.
class LumentreeConverter final : public RegisterInverter {
 public:
  LumentreeConverter(const LumentreeOptions& options, ModbusBus& bus);
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_LUMENTREE_DEVICE_H_
