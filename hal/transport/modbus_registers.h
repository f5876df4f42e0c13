// Modbus registers as a transport: one exchange is a register request and its reply.
#ifndef ABCDS_HAL_TRANSPORT_MODBUS_REGISTERS_H_
#define ABCDS_HAL_TRANSPORT_MODBUS_REGISTERS_H_

#include <array>
#include <cstdint>
#include <optional>

#include "hal/units/time.h"

namespace abcds {

// One exchange on a Modbus bus.
struct ModbusRequest {
  enum class Function : uint8_t {
    kReadHoldingRegisters = 3,
    kWriteMultipleRegisters = 16,
  };
  static constexpr int kMaxRegisters = 32;

  uint8_t unit = 1;  // 1 to 247
  Function function = Function::kReadHoldingRegisters;
  uint16_t address = 0;                          // as on the wire, zero-based
  uint8_t count = 1;                             // 1 to kMaxRegisters
  std::array<uint16_t, kMaxRegisters> values{};  // for writes
  Nanoseconds timeout = std::chrono::milliseconds(900);

  friend bool operator==(const ModbusRequest&, const ModbusRequest&) = default;
};

enum class ModbusResult : uint8_t {
  kOk,
  kTimeout,    // no or an incomplete answer
  kCorrupt,    // wrong checksum, wrong unit, wrong function or length
  kException,  // the device refused; `exception` says why
  kLinkLost,   // the port is gone; the bus is already reopening it
};

struct ModbusReply {
  ModbusResult result = ModbusResult::kTimeout;
  uint8_t exception = 0;
  uint8_t count = 0;
  std::array<uint16_t, ModbusRequest::kMaxRegisters> values{};  // for reads
};

// A device's session as the bus sees it. All calls come from the bus's one thread; none may block.
class ModbusClient {
 public:
  virtual ~ModbusClient() = default;

  // Work of different urgency: on a bus with several devices the lowest value goes first, ties in turn.
  enum class Urgency : uint8_t { kSafety, kCommand, kPoll };
  struct Due {
    ModbusRequest request;
    Urgency urgency = Urgency::kPoll;
  };

  // The exchange that is due at `now`, if any. The bus may serve another client first and ask again later: nothing
  // counts as sent until OnReply.
  virtual std::optional<Due> NextRequest(MonotonicTime now) noexcept = 0;
  // When NextRequest will have something if nothing else happens; the bus sleeps until then or until it is woken.
  virtual MonotonicTime NextDue(MonotonicTime now) noexcept = 0;
  // The end of the exchange for `request`. `sent_at` is when its first byte went out.
  virtual void OnReply(const ModbusRequest& request, const ModbusReply& reply, MonotonicTime sent_at,
                       MonotonicTime now) noexcept = 0;
  // The port was opened, or was lost.
  virtual void OnLink(bool up, MonotonicTime now) noexcept = 0;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_MODBUS_REGISTERS_H_
