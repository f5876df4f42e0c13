// One Modbus RTU exchange over an open descriptor: the only place that talks to libmodbus.
#ifndef ABCDS_HAL_TRANSPORT_MODBUS_EXCHANGE_H_
#define ABCDS_HAL_TRANSPORT_MODBUS_EXCHANGE_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "hal/transport/modbus_registers.h"
#include "hal/units/time.h"

namespace abcds {

class ModbusExchange {
 public:
  // `fd` stays the caller's and must outlive this. libmodbus handles descriptors below 1024 only and would abort the
  // process on another one: ResourceExhausted then.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<ModbusExchange>> Create(int fd);
  ~ModbusExchange();
  ModbusExchange(const ModbusExchange&) = delete;
  ModbusExchange& operator=(const ModbusExchange&) = delete;

  // Sends the request and waits for its reply, at most `request.timeout`. A good frame that answers another request (a
  // late answer, another unit) is thrown away and the wait goes on. Bytes after the reply stay in the line for the
  // caller to discard. `sent_at` becomes the moment the first byte was handed to the kernel.
  [[nodiscard]] ModbusReply Execute(const ModbusRequest& request, MonotonicTime& sent_at) noexcept;

  // Seen since last taken: whole frames that answered something else, and requests of ours that came back (an RS485
  // adapter with local echo).
  [[nodiscard]] uint64_t TakeForeignFrames() noexcept { return std::exchange(foreign_frames_, 0); }
  [[nodiscard]] uint64_t TakeEchoes() noexcept { return std::exchange(echoes_, 0); }

 private:
  struct Context;
  explicit ModbusExchange(std::unique_ptr<Context> context);

  std::unique_ptr<Context> context_;
  uint64_t foreign_frames_ = 0;
  uint64_t echoes_ = 0;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_MODBUS_EXCHANGE_H_
