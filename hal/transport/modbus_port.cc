#include "hal/transport/modbus_port.h"

#include <utility>

#include "hal/rt/clock.h"

namespace abcds {
namespace {

// RTU wants 3.5 characters of silence, 4 ms at 9600 baud.
constexpr Nanoseconds kFrameGap = std::chrono::milliseconds(5);

}  // namespace

absl::StatusOr<std::unique_ptr<ModbusPort>> ModbusPort::Open(const SerialOptions& options) {
  absl::StatusOr<std::unique_ptr<ByteStream>> line = OpenSerialPort(options);
  if (!line.ok()) return line.status();
  absl::StatusOr<std::unique_ptr<ModbusExchange>> exchange = ModbusExchange::Create((*line)->fd());
  if (!exchange.ok()) return exchange.status();
  return std::unique_ptr<ModbusPort>(new ModbusPort(*std::move(line), *std::move(exchange)));
}

// The previous owner may have died in the middle of a frame: the first one keeps its distance too.
ModbusPort::ModbusPort(std::unique_ptr<ByteStream> line, std::unique_ptr<ModbusExchange> exchange)
    : line_(std::move(line)), exchange_(std::move(exchange)), free_at_(MonotonicNow() + kFrameGap) {}

ModbusReply ModbusPort::Execute(const ModbusRequest& request, MonotonicTime& sent_at) {
  SleepUntil(free_at_);
  if (!line_->DiscardInput().ok()) {
    sent_at = MonotonicNow();
    return {.result = ModbusResult::kLinkLost};
  }
  const ModbusReply reply = exchange_->Execute(request, sent_at);
  // What a dead line has not taken must not come out in one burst later.
  if (reply.result == ModbusResult::kTimeout) line_->DiscardOutput();
  free_at_ = MonotonicNow() + kFrameGap;
  return reply;
}

}  // namespace abcds
