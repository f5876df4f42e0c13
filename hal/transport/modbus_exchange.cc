#include "hal/transport/modbus_exchange.h"

#include <modbus/modbus.h>
#include <sys/select.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/units/check.h"

namespace abcds {
namespace {

using Function = ModbusRequest::Function;

constexpr uint8_t kExceptionBit = 0x80;

// Unit, function, address, count, byte count, registers; libmodbus adds the checksum.
struct RawRequest {
  std::array<uint8_t, 7 + 2 * ModbusRequest::kMaxRegisters> bytes{};
  int size = 0;

  void Add(unsigned value) { bytes[static_cast<size_t>(size++)] = static_cast<uint8_t>(value); }
  void Add16(unsigned value) {
    Add(value >> 8);
    Add(value & 0xff);
  }
};

RawRequest Encode(const ModbusRequest& request) {
  RawRequest raw;
  raw.Add(request.unit);
  raw.Add(static_cast<unsigned>(request.function));
  raw.Add16(request.address);
  raw.Add16(request.count);
  if (request.function == Function::kWriteMultipleRegisters) {
    raw.Add(2u * request.count);
    for (size_t i = 0; i < request.count; ++i) raw.Add16(request.values[i]);
  }
  return raw;
}

uint16_t BigEndian16(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

// Whether the frame (its checksum and unit are right already) answers the request, filling `reply` if so.
bool Answers(const ModbusRequest& request, std::span<const uint8_t> frame, ModbusReply& reply) {
  const auto function = static_cast<uint8_t>(request.function);
  if (frame.size() == 5 && frame[1] == (function | kExceptionBit)) {
    reply.result = ModbusResult::kException;
    reply.exception = frame[2];
    return true;
  }
  if (frame[1] != function) return false;
  if (request.function == Function::kReadHoldingRegisters) {
    const size_t data = 2u * request.count;
    if (frame.size() != 3 + data + 2 || frame[2] != data) return false;
    reply.count = request.count;
    for (size_t i = 0; i < request.count; ++i) reply.values[i] = BigEndian16(frame, 3 + 2 * i);
  } else {
    // libmodbus would compare the count only.
    if (frame.size() != 8 || BigEndian16(frame, 2) != request.address || BigEndian16(frame, 4) != request.count) {
      return false;
    }
  }
  reply.result = ModbusResult::kOk;
  return true;
}

ModbusResult ResultOf(int error) {
  switch (error) {
    case ETIMEDOUT:
    case EAGAIN:  // the line's output buffer is full: nothing takes our bytes
      return ModbusResult::kTimeout;
    case EMBBADCRC:
    case EMBBADDATA:
    case EMBMDATA:
      return ModbusResult::kCorrupt;
    default:
      return ModbusResult::kLinkLost;
  }
}

}  // namespace

struct ModbusExchange::Context {
  explicit Context(modbus_t* made) : modbus(made) {}
  // Frees the memory only; modbus_close() would also change the line's settings and close a descriptor that is not
  // ours.
  ~Context() { modbus_free(modbus); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  modbus_t* modbus;
};

absl::StatusOr<std::unique_ptr<ModbusExchange>> ModbusExchange::Create(int fd) {
  if (fd < 0 || fd >= FD_SETSIZE) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "descriptor ", fd, " is beyond what libmodbus can handle: too many files and connections are open"));
  }
  // Name and settings are only used by modbus_connect(), which is never called: the line is open already.
  modbus_t* modbus = modbus_new_rtu("opened elsewhere", 9600, 'N', 8, 1);
  if (modbus == nullptr) return absl::ResourceExhaustedError("libmodbus is out of memory");
  auto context = std::make_unique<Context>(modbus);
  modbus_set_socket(modbus, fd);
  // Recovery by the library sleeps and reopens by itself.
  modbus_set_error_recovery(modbus, MODBUS_ERROR_RECOVERY_NONE);
  // No timeout between bytes: the one for the whole reply also ends one that drips.
  modbus_set_byte_timeout(modbus, 0, 0);
  return std::unique_ptr<ModbusExchange>(new ModbusExchange(std::move(context)));
}

ModbusExchange::ModbusExchange(std::unique_ptr<Context> context) : context_(std::move(context)) {}
ModbusExchange::~ModbusExchange() = default;

ModbusReply ModbusExchange::Execute(const ModbusRequest& request, MonotonicTime& sent_at) noexcept {
  ABCDS_CHECK(request.count >= 1 && request.count <= ModbusRequest::kMaxRegisters);
  ABCDS_CHECK(request.unit >= 1 && request.unit <= 247);
  modbus_t* const modbus = context_->modbus;
  const RawRequest raw = Encode(request);
  // Sets which unit's frames libmodbus looks at.
  modbus_set_slave(modbus, request.unit);

  ModbusReply reply;
  sent_at = MonotonicNow();
  const MonotonicTime deadline = sent_at + request.timeout;
  if (modbus_send_raw_request(modbus, raw.bytes.data(), raw.size) < 0) {
    reply.result = ResultOf(errno);
    return reply;
  }
  for (bool foreign = false;; foreign = true) {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline - MonotonicNow()).count();
    std::array<uint8_t, MODBUS_RTU_MAX_ADU_LENGTH> frame{};
    int size = -1;
    errno = ETIMEDOUT;
    if (left > 0) {
      modbus_set_response_timeout(modbus, static_cast<uint32_t>(left / 1'000'000),
                                  static_cast<uint32_t>(left % 1'000'000));
      size = modbus_receive_confirmation(modbus, frame.data());
    }
    if (size < 0) {
      reply.result = ResultOf(errno);
      if (reply.result == ModbusResult::kTimeout && foreign) reply.result = ModbusResult::kCorrupt;
      // What libmodbus took for a reply and refused is its buffer still: compare it with what went out.
      const bool echo = std::equal(raw.bytes.begin(), raw.bytes.begin() + 5, frame.begin());
      if (reply.result == ModbusResult::kCorrupt && echo) ++echoes_;
      return reply;
    }
    // 0: libmodbus has skipped another unit's frame.
    if (size > 0 && Answers(request, {frame.data(), static_cast<size_t>(size)}, reply)) return reply;
    ++foreign_frames_;
  }
}

}  // namespace abcds
