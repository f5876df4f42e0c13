// Mean Well's frames as they come from a bus, and logs of them as people keep them.
#include <cctype>
#include <cmath>
#include <string>
#include <variant>
#include <vector>

#include "hal/drivers/meanwell/decode.h"
#include "hal/drivers/meanwell/frame.h"
#include "hal/drivers/meanwell/frame_text.h"
#include "hal/drivers/meanwell/values.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"

namespace abcds::meanwell {
namespace {

bool IsPrintable(const std::string& text) {
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

void CheckMessage(Family family, const CanFrame& frame) {
  Message message;
  const ParseResult result = Parse(family, frame, message);
  ABCDS_CHECK(ResultText(result) != nullptr);
  if (result != ParseResult::kOk) return;
  ABCDS_CHECK(frame.extended && !frame.remote && message.size <= message.bytes.size());
  if (message.kind == Message::Kind::kRead) return;
  ABCDS_CHECK(message.info != nullptr && message.size == message.info->bytes && Knows(family, *message.info));
  const Scaling usual;
  if (message.size <= 2) {
    const std::optional<double> number = DecodeNumber(family, *message.info, usual, message.raw());
    ABCDS_CHECK(!number.has_value() || (std::isfinite(*number) && std::abs(*number) <= 65535));
  }
  const std::optional<Scaling> scaling = DecodeScaling(message.value());
  ABCDS_CHECK(!scaling.has_value() || (scaling->voltage >= 0 && scaling->current >= 0));
  const std::optional<std::string> words = InWords(family, *message.info, usual, message.value());
  ABCDS_CHECK(!words.has_value() || words->size() < 500);
  // Said again, it is the same.
  if (message.kind != Message::Kind::kWrite || message.size > 2 || message.unit > LargestUnit(family)) return;
  ABCDS_CHECK(EncodeWrite(family, message.unit, message.info->command, message.raw()) == frame);
}

CanFrame Drawn(FuzzInput& input, Family family) {
  CanFrame frame{.extended = true};
  const uint8_t unit = input.Byte();
  const uint8_t kind = input.Byte();
  frame.id = kind == 0xff      ? (uint32_t{input.Word()} << 16 | input.Word()) & CanFrame::kMaxExtendedId
             : (kind & 1) != 0 ? ReplyId(family, unit)
                               : RequestId(family, unit);
  const auto bytes = input.Bytes(2 + input.Byte() % 7);
  frame.size = static_cast<uint8_t>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), frame.data.begin());
  return frame;
}

void CheckLine(const std::string& line) {
  const auto parsed = ParseFrameText(line);
  if (!parsed.ok()) {
    ABCDS_CHECK(absl::IsInvalidArgument(parsed.status()) && !parsed.status().message().empty());
    return;
  }
  if (!parsed->has_value()) return;
  const auto again = ParseFrameText(FrameText(**parsed));
  ABCDS_CHECK(again.ok() && again->has_value() && **again == **parsed);
}

size_t Solid(const std::vector<std::string>& lines) {
  size_t count = 0;
  for (const std::string& line : lines) {
    for (const char c : line) count += std::isspace(static_cast<unsigned char>(c)) == 0 ? 1 : 0;
  }
  return count;
}

// Nothing is lost but blanks, and no line has an end inside.
void CheckLines(const std::vector<std::string>& arguments) {
  const std::vector<std::string> lines = LinesOfArguments(arguments);
  ABCDS_CHECK(Solid(lines) == Solid(arguments));
  for (const std::string& line : lines) ABCDS_CHECK(line.find_first_of("\r\n") == std::string::npos);
}

void CheckLog(Family family, const std::vector<std::string>& lines) {
  const absl::StatusOr<LogValues> values = DecodeLog(family, lines, std::nullopt);
  if (!values.ok()) {
    ABCDS_CHECK(absl::IsInvalidArgument(values.status()));
    return;
  }
  for (const auto& [name, value] : *values) {
    ABCDS_CHECK(!name.empty());
    if (const auto* const number = std::get_if<double>(&value)) ABCDS_CHECK(std::isfinite(*number));
    if (const auto* const text = std::get_if<std::string>(&value)) ABCDS_CHECK(IsPrintable(*text));
  }
}

}  // namespace
}  // namespace abcds::meanwell

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace abcds;
  using namespace abcds::meanwell;
  FuzzInput input(data, size);
  const uint8_t kind = input.Byte();
  const Family family = (kind & 1) != 0 ? Family::kBic : Family::kNpb;
  std::vector<std::string> lines;
  if ((kind & 2) != 0) {
    while (!input.empty() && lines.size() < 20) lines.push_back(input.Line());
    for (const std::string& line : lines) CheckLine(line);
    CheckLines(lines);
    if ((kind & 4) != 0) lines = LinesOfArguments(lines);
  } else {
    while (!input.empty() && lines.size() < 20) {
      const CanFrame frame = Drawn(input, family);
      CheckMessage(family, frame);
      lines.push_back(FrameText(frame));
    }
  }
  CheckLog(family, lines);
  return 0;
}
