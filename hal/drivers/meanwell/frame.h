// Mean Well's CAN frames ↔ commands and raw values. Pure.
//
// Extended identifiers only, data frames only; everything low byte first, the command's code too. Requests: 2 bytes
// read, 3 or 4 write. Replies repeat the code and carry the value. Writes are never answered. Source: see command.h.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_FRAME_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_FRAME_H_

#include <array>
#include <cstdint>
#include <span>

#include "hal/drivers/meanwell/command.h"
#include "hal/transport/can_client.h"

namespace abcds::meanwell {

inline constexpr uint8_t kAllUnits = 0xFF;  // broadcast writes

// Identifiers of frames to and from a unit (its DIP switches or address pins).
[[nodiscard]] constexpr uint32_t RequestId(Family family, uint8_t unit) noexcept {
  return (family == Family::kBic ? 0x000C0300u : 0x000C0100u) | unit;
}
[[nodiscard]] constexpr uint32_t ReplyId(Family family, uint8_t unit) noexcept {
  return (family == Family::kBic ? 0x000C0200u : 0x000C0000u) | unit;
}
// The highest unit number that can be set.
[[nodiscard]] constexpr uint8_t LargestUnit(Family family) noexcept { return family == Family::kBic ? 0x3F : 0x03; }

[[nodiscard]] CanFrame EncodeRead(Family family, uint8_t unit, Command command) noexcept;
// For commands of one or two bytes.
[[nodiscard]] CanFrame EncodeWrite(Family family, uint8_t unit, Command command, uint16_t raw) noexcept;

struct Message {
  enum class Kind : uint8_t { kRead, kWrite, kReply };
  Kind kind = Kind::kRead;
  uint8_t unit = 0;
  uint16_t code = 0;
  const CommandInfo* info = nullptr;  // null: no command that we know
  uint8_t size = 0;                   // bytes of the value
  std::array<uint8_t, 6> bytes{};

  [[nodiscard]] std::span<const uint8_t> value() const noexcept { return {bytes.data(), size}; }
  // Of values of one or two bytes.
  [[nodiscard]] uint16_t raw() const noexcept {
    return static_cast<uint16_t>(bytes[0] | (size > 1 ? bytes[1] << 8 : 0));
  }
};

enum class [[nodiscard]] ParseResult : uint8_t{
    kOk,
    kForeign,         // not of this family: another identifier or unit, a standard or a remote frame
    kTooShort,        // no room for a command's code
    kUnknownCommand,  // a reply or a write of a command that the family does not have
    kWrongLength,     // the value is longer or shorter than the command's
};
// For people, to stand after "the frame ". Static.
[[nodiscard]] const char* ResultText(ParseResult result) noexcept;

// Total: every frame gets an answer. `message` is written as far as it is known; complete only with kOk. A read of an
// unknown command is kOk: devices do not answer it.
ParseResult Parse(Family family, const CanFrame& frame, Message& message) noexcept;

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_FRAME_H_
