#include "hal/drivers/lumentree/device.h"

#include "hal/drivers/lumentree/register_map.h"

namespace abcds {

LumentreeConverter::LumentreeConverter(const LumentreeOptions& options, ModbusBus& bus)
    : RegisterInverter({.model = lumentree::TraitsOf(options.model).name,
                        .address = options.address,
                        .port_label = options.port_label},
                       lumentree::MakeRegisterMap(lumentree::TraitsOf(options.model)), bus) {}

}  // namespace abcds
