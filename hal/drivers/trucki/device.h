// A SUN GTIL2 inverter with a Trucki RS485 board as a power converter that discharges.
#ifndef ABCDS_HAL_DRIVERS_TRUCKI_DEVICE_H_
#define ABCDS_HAL_DRIVERS_TRUCKI_DEVICE_H_

#include <cstdint>
#include <string>

#include "hal/drivers/register_inverter/device.h"
#include "hal/drivers/trucki/codec.h"

namespace abcds {

using TruckiModel = trucki::Model;

struct TruckiOptions {
  TruckiModel model = TruckiModel::k1000;
  bool old_firmware = true;  // up to 1.08: never told 1 to 75 W
  uint8_t address = 1;       // Modbus unit, 1 to 15: 1 + the switches J1 to J4
  std::string port_label;    // what details and sentences call the port
};

// The common inverter with the board's registers; order of life as there.
class TruckiConverter final : public RegisterInverter {
 public:
  TruckiConverter(const TruckiOptions& options, ModbusBus& bus);
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_TRUCKI_DEVICE_H_
