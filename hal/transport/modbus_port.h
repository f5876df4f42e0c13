// A Modbus RTU port used synchronously by one thread, without a bus's thread behind it.
#ifndef ABCDS_HAL_TRANSPORT_MODBUS_PORT_H_
#define ABCDS_HAL_TRANSPORT_MODBUS_PORT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "hal/transport/bytes.h"
#include "hal/transport/modbus_exchange.h"
#include "hal/transport/modbus_registers.h"
#include "hal/transport/serial_port.h"

namespace abcds {

// For short errands in a process of their own, such as a safe state after the controller's death. Whoever talks for
// longer, or for several devices, takes ModbusBus.
class ModbusPort {
 public:
  // Errors as OpenSerialPort.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<ModbusPort>> Open(const SerialOptions& options);
  ModbusPort(const ModbusPort&) = delete;
  ModbusPort& operator=(const ModbusPort&) = delete;

  // One exchange, at most `request.timeout` plus the silence between two frames. After kLinkLost the port is of no more
  // use.
  [[nodiscard]] ModbusReply Execute(const ModbusRequest& request, MonotonicTime& sent_at);

 private:
  ModbusPort(std::unique_ptr<ByteStream> line, std::unique_ptr<ModbusExchange> exchange);

  std::unique_ptr<ByteStream> line_;
  std::unique_ptr<ModbusExchange> exchange_;
  MonotonicTime free_at_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_MODBUS_PORT_H_
