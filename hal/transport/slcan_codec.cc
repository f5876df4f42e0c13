#include "hal/transport/slcan_codec.h"

#include <algorithm>

namespace abcds {
namespace {

constexpr uint8_t kReturn = '\r';
constexpr uint8_t kBell = '\a';
constexpr size_t kStandardDigits = 3;
constexpr size_t kExtendedDigits = 8;
constexpr size_t kTimeDigits = 4;

// The value of a hexadecimal digit in either case; -1 for anything else.
int Digit(uint8_t character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  return -1;
}

uint8_t Character(uint32_t nibble) { return static_cast<uint8_t>("0123456789ABCDEF"[nibble & 0xF]); }

bool AllDigits(std::span<const uint8_t> text) {
  return std::ranges::all_of(text, [](uint8_t character) { return Digit(character) >= 0; });
}

uint32_t Number(std::span<const uint8_t> digits) {
  uint32_t value = 0;
  for (const uint8_t character : digits) value = value << 4 | static_cast<uint32_t>(Digit(character));
  return value;
}

// None of these is a hexadecimal digit, so that inside a line they can only be the beginning of the next one, whose
// predecessor lost its end.
bool BeginsLine(uint8_t byte) {
  return byte == 't' || byte == 'T' || byte == 'r' || byte == 'R' || byte == 'z' || byte == 'Z';
}

std::optional<CanFrame> DecodeFrame(std::span<const uint8_t> line) {
  CanFrame frame;
  frame.extended = line[0] == 'T' || line[0] == 'R';
  frame.remote = line[0] == 'r' || line[0] == 'R';
  const size_t id_digits = frame.extended ? kExtendedDigits : kStandardDigits;
  const std::span<const uint8_t> digits = line.subspan(1);
  if (digits.size() < id_digits + 1 || !AllDigits(digits)) return std::nullopt;
  frame.id = Number(digits.first(id_digits));
  if (frame.id > (frame.extended ? CanFrame::kMaxExtendedId : CanFrame::kMaxStandardId)) return std::nullopt;
  const uint32_t size = Number(digits.subspan(id_digits, 1));
  if (size > CanFrame::kMaxBytes) return std::nullopt;
  frame.size = static_cast<uint8_t>(size);
  const std::span<const uint8_t> data = digits.subspan(id_digits + 1);
  const size_t data_digits = frame.remote ? 0 : 2 * size;
  // With the time behind it, where that is switched on.
  if (data.size() != data_digits && data.size() != data_digits + kTimeDigits) return std::nullopt;
  for (size_t i = 0; i < data_digits / 2; ++i) frame.data[i] = static_cast<uint8_t>(Number(data.subspan(2 * i, 2)));
  return frame;
}

}  // namespace

SlcanLine EncodeSlcan(const CanFrame& frame) noexcept {
  SlcanLine line;
  const auto append = [&line](uint8_t character) { line.text[line.size++] = character; };
  append(static_cast<uint8_t>(frame.remote ? (frame.extended ? 'R' : 'r') : (frame.extended ? 'T' : 't')));
  for (size_t i = frame.extended ? kExtendedDigits : kStandardDigits; i-- > 0;) append(Character(frame.id >> 4 * i));
  append(Character(frame.size));
  for (const uint8_t byte : frame.payload()) {
    append(Character(byte >> 4));
    append(Character(byte));
  }
  append(kReturn);
  return line;
}

std::optional<char> SlcanRateDigit(int bitrate) noexcept {
  constexpr std::array<int, 9> kRates = {10'000, 20'000, 50'000, 100'000, 125'000, 250'000, 500'000, 800'000, 1'000'000};
  const auto* const found = std::ranges::find(kRates, bitrate);
  if (found == kRates.end()) return std::nullopt;
  return static_cast<char>('0' + (found - kRates.begin()));
}

std::optional<SlcanEvent> SlcanParser::Push(uint8_t byte) noexcept {
  using Kind = SlcanEvent::Kind;
  if (byte == kBell) {
    // A failed command is answered by it alone: what stood before it was cut.
    Reset();
    return SlcanEvent{.kind = Kind::kRefused, .frame = {}};
  }
  if (byte == kReturn) {
    const SlcanEvent event = skipping_ ? SlcanEvent{} : EndOfLine();
    Reset();
    return event;
  }
  if (BeginsLine(byte)) {
    const bool cut = size_ > 0 || skipping_;
    Reset();
    line_[size_++] = byte;
    return cut ? std::optional(SlcanEvent{}) : std::nullopt;
  }
  if (skipping_) return std::nullopt;
  if (size_ == line_.size()) {
    skipping_ = true;
    return std::nullopt;
  }
  line_[size_++] = byte;
  return std::nullopt;
}

void SlcanParser::Reset() noexcept {
  size_ = 0;
  skipping_ = false;
}

SlcanEvent SlcanParser::EndOfLine() const noexcept {
  using Kind = SlcanEvent::Kind;
  const std::span<const uint8_t> line = std::span(line_).first(size_);
  if (line.empty()) return {.kind = Kind::kDone, .frame = {}};
  switch (line[0]) {
    case 't':
    case 'T':
    case 'r':
    case 'R': {
      const std::optional<CanFrame> frame = DecodeFrame(line);
      return frame.has_value() ? SlcanEvent{.kind = Kind::kFrame, .frame = *frame} : SlcanEvent{};
    }
    case 'z':
    case 'Z':
      return {.kind = line.size() == 1 ? Kind::kSent : Kind::kGarbled, .frame = {}};
    case 'F':
    case 'N':
    case 'V':
    case 'v':
      return {.kind = AllDigits(line.subspan(1)) ? Kind::kOther : Kind::kGarbled, .frame = {}};
    default:
      return {};
  }
}

}  // namespace abcds
