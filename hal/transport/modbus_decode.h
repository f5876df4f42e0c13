// Takes recorded Modbus RTU frames apart exactly as a bus would: by libmodbus, over a socket pair.
#ifndef ABCDS_HAL_TRANSPORT_MODBUS_DECODE_H_
#define ABCDS_HAL_TRANSPORT_MODBUS_DECODE_H_

#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "hal/transport/modbus_registers.h"

namespace abcds {

struct ModbusRecording {
  ModbusRequest request;       // as recorded, or what the reply tells of it
  bool request_known = false;  // false: `request.address` of a read is unknown, and so are the values of a write
  ModbusReply reply;           // kOk or kException
};

// `reply` is one frame with its checksum; a single stray byte after it is accepted, as on a bus. Functions 3 and 16.
// InvalidArgument with one sentence for anything corrupt, truncated, or not belonging together.
[[nodiscard]] absl::StatusOr<ModbusRecording> DecodeModbus(std::optional<std::span<const uint8_t>> request,
                                                           std::span<const uint8_t> reply);

// "illegal data address" and so on, by the Modbus application protocol 1.1b3, section 7.
[[nodiscard]] const char* ModbusExceptionName(uint8_t exception);

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_MODBUS_DECODE_H_
