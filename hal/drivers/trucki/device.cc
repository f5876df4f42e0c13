#include "hal/drivers/trucki/device.h"

#include "hal/drivers/trucki/register_map.h"

namespace abcds {

TruckiConverter::TruckiConverter(const TruckiOptions& options, ModbusBus& bus)
    : RegisterInverter(
          {.model = trucki::TraitsOf(options.model).name, .address = options.address, .port_label = options.port_label},
          trucki::MakeRegisterMap(trucki::TraitsOf(options.model), options.old_firmware), bus) {}

}  // namespace abcds
