// The faults of a device on a serial line, whatever it is.
#ifndef ABCDS_HAL_SIM_LINE_BREAKABLE_H_
#define ABCDS_HAL_SIM_LINE_BREAKABLE_H_

#include <cstdint>
#include <string>

#include "hal/sim/breakable.h"
#include "hal/sim/wire/serial_line.h"

namespace abcds::sim {

// What makes sense only in some protocols.
struct LineProtocol {
  bool addresses = true;   // a reply says whose it is
  bool exceptions = true;  // a device can refuse
};

// All that can go wrong for the device at `address` of `line`, which must outlive it; pulling the adapter is one fault
// for all devices on `line_name`.
[[nodiscard]] Breakable LineBreakable(const std::string& name, SerialLine& line, const std::string& line_name,
                                      uint8_t address, const LineProtocol& protocol = {});

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_LINE_BREAKABLE_H_
