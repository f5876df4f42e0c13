#include "hal/drivers/bus/port_check.h"

#include "hal/transport/serial_port.h"

namespace abcds {

absl::Status CheckPort(const std::string& port, int baud) {
  return OpenSerialPort({.port = port, .baud = baud}).status();
}

}  // namespace abcds
