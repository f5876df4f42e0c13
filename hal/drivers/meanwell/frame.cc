#include "hal/drivers/meanwell/frame.h"

#include <algorithm>

namespace abcds::meanwell {
namespace {

constexpr uint32_t kUnitMask = 0xFF;
constexpr size_t kCodeBytes = 2;

CanFrame FrameOf(Family family, uint8_t unit, Command command) noexcept {
  const auto code = static_cast<uint16_t>(command);
  CanFrame frame;
  frame.id = RequestId(family, unit);
  frame.extended = true;
  frame.size = kCodeBytes;
  frame.data[0] = static_cast<uint8_t>(code);
  frame.data[1] = static_cast<uint8_t>(code >> 8);
  return frame;
}

}  // namespace

CanFrame EncodeRead(Family family, uint8_t unit, Command command) noexcept { return FrameOf(family, unit, command); }

CanFrame EncodeWrite(Family family, uint8_t unit, Command command, uint16_t raw) noexcept {
  CanFrame frame = FrameOf(family, unit, command);
  frame.data[frame.size++] = static_cast<uint8_t>(raw);
  if (InfoOf(command).bytes == 2) frame.data[frame.size++] = static_cast<uint8_t>(raw >> 8);
  return frame;
}

const char* ResultText(ParseResult result) noexcept {
  switch (result) {
    case ParseResult::kOk:
      return "is good";
    case ParseResult::kForeign:
      return "belongs to somebody else";
    case ParseResult::kTooShort:
      return "is too short for a command";
    case ParseResult::kUnknownCommand:
      return "has a command that this device does not know";
    case ParseResult::kWrongLength:
      return "has another length than its command";
  }
  return "";
}

ParseResult Parse(Family family, const CanFrame& frame, Message& message) noexcept {
  if (!frame.extended || frame.remote || frame.size > CanFrame::kMaxBytes) return ParseResult::kForeign;
  const bool reply = (frame.id & ~kUnitMask) == ReplyId(family, 0);
  if (!reply && (frame.id & ~kUnitMask) != RequestId(family, 0)) return ParseResult::kForeign;
  const auto unit = static_cast<uint8_t>(frame.id & kUnitMask);
  if (unit > LargestUnit(family) && (reply || unit != kAllUnits)) return ParseResult::kForeign;
  message = {};
  message.unit = unit;
  if (frame.size < kCodeBytes) return ParseResult::kTooShort;
  message.code = static_cast<uint16_t>(frame.data[0] | frame.data[1] << 8);
  message.size = static_cast<uint8_t>(frame.size - kCodeBytes);
  std::copy_n(frame.data.begin() + kCodeBytes, message.size, message.bytes.begin());
  const CommandInfo* info = FindCommand(message.code);
  if (info != nullptr && Knows(family, *info)) message.info = info;

  if (!reply && message.size == 0) return ParseResult::kOk;
  message.kind = reply ? Message::Kind::kReply : Message::Kind::kWrite;
  if (message.info == nullptr) return ParseResult::kUnknownCommand;
  return message.size == message.info->bytes ? ParseResult::kOk : ParseResult::kWrongLength;
}

}  // namespace abcds::meanwell
