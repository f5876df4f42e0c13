// What a CAN adapter says on its serial port.
#include <optional>

#include "hal/transport/slcan_codec.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"

namespace abcds {
namespace {

bool IsValid(const CanFrame& frame) {
  return frame.size <= CanFrame::kMaxBytes &&
         frame.id <= (frame.extended ? CanFrame::kMaxExtendedId : CanFrame::kMaxStandardId);
}

// The last event that these bytes bring.
std::optional<SlcanEvent> PushAll(SlcanParser& parser, std::span<const uint8_t> bytes) {
  std::optional<SlcanEvent> last;
  for (const uint8_t byte : bytes) {
    if (const std::optional<SlcanEvent> event = parser.Push(byte)) last = event;
  }
  return last;
}

// Said again, it is the same frame; also to somebody who has just heard half a line of noise.
void CheckFrame(SlcanParser& parser, const CanFrame& frame) {
  ABCDS_CHECK(IsValid(frame));
  const std::optional<SlcanEvent> event = PushAll(parser, EncodeSlcan(frame).bytes());
  ABCDS_CHECK(event.has_value() && event->kind == SlcanEvent::Kind::kFrame && event->frame == frame);
}

}  // namespace
}  // namespace abcds

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace abcds;
  FuzzInput input(data, size);
  CanFrame drawn{.extended = input.Bit(), .remote = input.Bit()};
  drawn.id = (uint32_t{input.Word()} << 16 | input.Word()) &
             (drawn.extended ? CanFrame::kMaxExtendedId : CanFrame::kMaxStandardId);
  drawn.size = static_cast<uint8_t>(input.Byte() % 9);
  for (uint8_t& byte : drawn.data) byte = input.Byte();
  SlcanParser parser;
  for (const uint8_t byte : input.Rest()) {
    const std::optional<SlcanEvent> event = parser.Push(byte);
    if (!event.has_value() || event->kind != SlcanEvent::Kind::kFrame) continue;
    SlcanParser another;
    CheckFrame(another, event->frame);
  }
  parser.Push('\r');
  CheckFrame(parser, drawn);
  return 0;
}
