// The serial ports of this machine that may have a device behind them.
#ifndef ABCDS_SERVER_DEVICES_ACCESS_SERIAL_PORTS_H_
#define ABCDS_SERVER_DEVICES_ACCESS_SERIAL_PORTS_H_

#include <string>
#include <vector>

namespace abcds {

// One path per port, the most stable that there is: /dev/serial/by-id, by-path, else ttyUSB*, ttyACM*, ttyAMA* and
// ttyS*. Left out: ttyS* that are only names (no UART behind them), and the kernel's console. Both folders end without
// a slash: "/dev", "/sys/class/tty".
[[nodiscard]] std::vector<std::string> FindSerialPorts(const std::string& dev, const std::string& sys_tty);

// Whether the kernel takes the port for a modem (ttyACM), by whatever link: CAN adapters that speak SLCAN mostly are ones,
// adapters for RS485 and UARTs hardly ever.
[[nodiscard]] bool IsModem(const std::string& port);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_ACCESS_SERIAL_PORTS_H_
