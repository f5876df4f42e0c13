#include "hal/transport/modbus_decode.h"

#include <modbus/modbus.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "hal/transport/fd_stream.h"
#include "hal/transport/modbus_exchange.h"
#include "hal/transport/owned_fd.h"

namespace abcds {
namespace {

using Function = ModbusRequest::Function;

constexpr size_t kLongestFrame = MODBUS_RTU_MAX_ADU_LENGTH;
// More than one byte behind a frame is not the known quirk of some adapters and devices.
constexpr size_t kStrayBytesAccepted = 1;

absl::Status Wrong(const std::string& why) { return absl::InvalidArgumentError(why); }

uint16_t BigEndian16(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

// Two connected ends. `far` has already said `bytes` and will say no more, so that a truncated frame is an end, not a
// wait.
struct Line {
  OwnedFd near;
  OwnedFd far;
};

absl::StatusOr<Line> LineSaying(std::span<const uint8_t> bytes) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return absl::UnavailableError(absl::StrCat("no socket pair: ", std::strerror(errno)));
  }
  Line line{.near = OwnedFd(ends[0]), .far = OwnedFd(ends[1])};
  if (send(line.far.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
    return absl::UnavailableError("the socket pair takes no bytes");
  }
  shutdown(line.far.get(), SHUT_WR);
  return line;
}

absl::Status CheckFunction(uint8_t function, const char* what) {
  if (function == static_cast<uint8_t>(Function::kReadHoldingRegisters) ||
      function == static_cast<uint8_t>(Function::kWriteMultipleRegisters)) {
    return absl::OkStatus();
  }
  return Wrong(
      absl::StrCat("the ", what, " is of function ", function, "; this device is spoken to with 3 and 16 only"));
}

absl::StatusOr<ModbusRequest> DecodeRequest(std::span<const uint8_t> bytes) {
  if (bytes.size() < 8 || bytes.size() > kLongestFrame) {
    return Wrong(
        absl::StrCat("the request has ", bytes.size(), " bytes; 8 is the least and ", kLongestFrame, " the most"));
  }
  if (absl::Status known = CheckFunction(bytes[1], "request"); !known.ok()) return known;
  absl::StatusOr<Line> line = LineSaying(bytes);
  if (!line.ok()) return line.status();

  const std::unique_ptr<modbus_t, decltype(&modbus_free)> modbus(modbus_new_rtu("a socket pair", 9600, 'N', 8, 1),
                                                                 &modbus_free);
  if (modbus == nullptr || line->near.get() >= FD_SETSIZE) return absl::ResourceExhaustedError("out of descriptors");
  modbus_set_socket(modbus.get(), line->near.get());
  // Before the broadcast address libmodbus takes every frame for its own.
  if (bytes[0] < 1 || bytes[0] > 247)
    return Wrong(absl::StrCat("the request's unit ", bytes[0], " is outside [1, 247]"));
  modbus_set_slave(modbus.get(), bytes[0]);
  std::array<uint8_t, kLongestFrame> frame{};
  const int size = modbus_receive(modbus.get(), frame.data());
  if (size < 0 && errno == EMBBADCRC) return Wrong("the request's checksum is wrong");
  if (size != static_cast<int>(bytes.size())) return Wrong("the request is truncated, or longer than it says");

  ModbusRequest request;
  request.unit = bytes[0];
  request.function = static_cast<Function>(bytes[1]);
  request.address = BigEndian16(bytes, 2);
  const unsigned count = BigEndian16(bytes, 4);
  if (count < 1 || count > ModbusRequest::kMaxRegisters) {
    return Wrong(
        absl::StrCat("the request is for ", count, " registers; 1 to ", ModbusRequest::kMaxRegisters, " are possible"));
  }
  request.count = static_cast<uint8_t>(count);
  if (request.function == Function::kWriteMultipleRegisters) {
    if (bytes.size() != 9 + 2 * count || bytes[6] != 2 * count)
      return Wrong("the request's lengths contradict each other");
    for (size_t i = 0; i < count; ++i) request.values[i] = BigEndian16(bytes, 7 + 2 * i);
  } else if (bytes.size() != 8) {
    return Wrong("the request's lengths contradict each other");
  }
  return request;
}

// The request that this reply must have answered, as far as it tells.
absl::StatusOr<ModbusRequest> RequestFor(std::span<const uint8_t> reply) {
  const auto function = static_cast<uint8_t>(reply[1] & 0x7f);
  if (absl::Status known = CheckFunction(function, "reply"); !known.ok()) return known;
  ModbusRequest request;
  request.unit = reply[0];
  if (request.unit < 1 || request.unit > 247)
    return Wrong(absl::StrCat("the reply's unit ", reply[0], " is outside [1, 247]"));
  request.function = static_cast<Function>(function);
  if ((reply[1] & 0x80) != 0) return request;
  unsigned count = reply[2] / 2u;
  if (request.function == Function::kWriteMultipleRegisters) {
    if (reply.size() < 8) return Wrong("the reply is truncated");
    request.address = BigEndian16(reply, 2);
    count = BigEndian16(reply, 4);
  }
  if (count < 1 || count > ModbusRequest::kMaxRegisters) {
    return Wrong(
        absl::StrCat("the reply is of ", count, " registers; 1 to ", ModbusRequest::kMaxRegisters, " are possible"));
  }
  request.count = static_cast<uint8_t>(count);
  return request;
}

// By its own words.
size_t ReplySize(std::span<const uint8_t> reply) {
  if ((reply[1] & 0x80) != 0) return 5;
  return reply[1] == static_cast<uint8_t>(Function::kWriteMultipleRegisters) ? 8 : size_t{5} + reply[2];
}

}  // namespace

absl::StatusOr<ModbusRecording> DecodeModbus(std::optional<std::span<const uint8_t>> request,
                                             std::span<const uint8_t> reply) {
  // The shortest frame is an exception.
  if (reply.size() < 5) return Wrong(absl::StrCat("the reply has ", reply.size(), " bytes; 5 is the least"));
  if (reply.size() > kLongestFrame) {
    return Wrong(absl::StrCat("the reply has ", reply.size(), " bytes; ", kLongestFrame, " is the most"));
  }
  ModbusRecording recording;
  recording.request_known = request.has_value();
  absl::StatusOr<ModbusRequest> asked = request.has_value() ? DecodeRequest(*request) : RequestFor(reply);
  if (!asked.ok()) return asked.status();
  recording.request = *asked;
  // All bytes are there already: nothing is waited for.
  recording.request.timeout = std::chrono::milliseconds(100);

  absl::StatusOr<Line> line = LineSaying(reply);
  if (!line.ok()) return line.status();
  absl::StatusOr<std::unique_ptr<ModbusExchange>> exchange = ModbusExchange::Create(line->near.get());
  if (!exchange.ok()) return exchange.status();
  MonotonicTime sent_at;
  recording.reply = (*exchange)->Execute(recording.request, sent_at);
  if ((*exchange)->TakeEchoes() > 0) return Wrong("the reply is the request itself: an adapter with local echo");
  if ((*exchange)->TakeForeignFrames() > 0) return Wrong("the reply is of another unit, or answers another request");
  switch (recording.reply.result) {
    case ModbusResult::kOk:
    case ModbusResult::kException:
      break;
    case ModbusResult::kCorrupt:
      return Wrong("the reply's checksum is wrong: a byte of it is damaged");
    case ModbusResult::kTimeout:
    case ModbusResult::kLinkLost:
      return Wrong(absl::StrCat("the reply is truncated: ", reply.size(),
                                " bytes are there, and by what it says of itself ", ReplySize(reply), " are needed"));
  }
  FdStream rest(std::move(line->near), "the reply");
  if (const absl::StatusOr<size_t> stray = rest.DiscardInput(); stray.ok() && *stray > kStrayBytesAccepted) {
    return Wrong(absl::StrCat(*stray, " stray bytes follow the reply"));
  }
  return recording;
}

const char* ModbusExceptionName(uint8_t exception) {
  switch (exception) {
    case 1:
      return "illegal function";
    case 2:
      return "illegal data address";
    case 3:
      return "illegal data value";
    case 4:
      return "device failure";
    case 5:
      return "acknowledged, still working";
    case 6:
      return "busy";
    case 8:
      return "memory parity error";
    case 10:
      return "gateway path unavailable";
    case 11:
      return "gateway target does not respond";
    default:
      return "unknown";
  }
}

}  // namespace abcds
