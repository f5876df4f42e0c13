// SLCAN, the ASCII protocol of LAWICEL's CAN232 as USBtin and its kin speak it: frames and answers as lines of text.
// Source: the CAN232 manual's command table; USBtin's documentation for what differs.
#ifndef ABCDS_HAL_TRANSPORT_SLCAN_CODEC_H_
#define ABCDS_HAL_TRANSPORT_SLCAN_CODEC_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "hal/transport/can_client.h"

namespace abcds {

// A command line with its CR at the end.
struct SlcanLine {
  std::array<uint8_t, 32> text{};
  size_t size = 0;

  [[nodiscard]] std::span<const uint8_t> bytes() const noexcept { return std::span(text).first(size); }
};

// The line that sends `frame`, whose identifier and size must be in range.
[[nodiscard]] SlcanLine EncodeSlcan(const CanFrame& frame) noexcept;

// The digit of the command S for a bit rate; nullopt where SLCAN has none.
[[nodiscard]] std::optional<char> SlcanRateDigit(int bitrate) noexcept;

struct SlcanEvent {
  enum class Kind : uint8_t {
    kFrame,    // a frame from the bus
    kSent,     // z or Z: a frame was taken for sending
    kDone,     // a lone CR: a command was obeyed (with some adapters also: a frame was taken)
    kRefused,  // BEL: a command was not obeyed, or a frame not taken
    kOther,    // an answer to a question, such as a version or the status flags
    kGarbled,  // bytes that are no line: the rest of one that was cut, or noise
  };
  Kind kind = Kind::kGarbled;
  CanFrame frame;  // kFrame only
};

// Finds the lines in what an adapter says. Whatever comes, it is in step again at the next line: a line is cut where a
// new one can only begin, and one that does not end is dropped. Total: every byte sequence gets an answer.
class SlcanParser {
 public:
  // At most one event per byte.
  std::optional<SlcanEvent> Push(uint8_t byte) noexcept;
  // Forgets the line that has begun.
  void Reset() noexcept;

 private:
  [[nodiscard]] SlcanEvent EndOfLine() const noexcept;

  // The longest line: T, 8 digits, the size, 16 digits, 4 digits of time.
  static constexpr size_t kLongestLine = 30;

  std::array<uint8_t, kLongestLine> line_{};
  size_t size_ = 0;
  bool skipping_ = false;  // the line was too long: the rest of it is dropped as well
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_SLCAN_CODEC_H_
