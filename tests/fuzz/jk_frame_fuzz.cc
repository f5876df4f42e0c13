// JK frames: in a stream of anything, and as whole frames with drawn content.
#include <algorithm>
#include <cmath>
#include <vector>

#include "hal/drivers/jk_bms/codec.h"
#include "hal/drivers/jk_bms/frame.h"
#include "hal/drivers/jk_bms/recorded.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/jk_sum.h"

namespace abcds::jk_bms {
namespace {

using Bytes = std::vector<uint8_t>;

void CheckDecoded(std::span<const uint8_t> frame, const CodecOptions& options) {
  Status status;
  status.cells = 77;
  const DecodeResult result = DecodeStatus(frame, options, status);
  ABCDS_CHECK(ResultText(result) != nullptr);
  if (result != DecodeResult::kOk) {
    ABCDS_CHECK(status.cells == 77);
    return;
  }
  ABCDS_CHECK(status.cells <= kCellsMax && status.soc_percent <= 255);
  ABCDS_CHECK(status.voltage >= Volts(0) && status.voltage <= Volts(655.35));
  ABCDS_CHECK(!status.current || Magnitude(*status.current) <= Amperes(655.35));
  for (const auto& temperature : {status.fet_temperature, status.box_temperature, status.battery_temperature}) {
    ABCDS_CHECK(!temperature || (*temperature >= Celsius(-60) && *temperature <= Celsius(150)));
  }
  ABCDS_CHECK(Implausible(status).empty() == IsPlausible(status));
  ABCDS_CHECK(WarningText(status.warnings).empty() == (status.warnings == 0));
  for (const char* text : {status.device_id.data(), status.software.data(), status.manufacturer_id.data()}) {
    for (; *text != '\0'; ++text) ABCDS_CHECK(*text >= 0x20 && *text <= 0x7e);
  }
  if (!status.charge_fet()) ABCDS_CHECK(!ChargeAllowed(status));
  if (!status.discharge_fet()) ABCDS_CHECK(!DischargeAllowed(status));
}

// Whatever the pieces: each frame is one with a right sum, they do not overlap, and no byte is counted twice.
void CheckStream(FuzzInput& input, const CodecOptions& options) {
  FrameScanner scanner;
  Bytes stream;
  size_t from = 0;
  size_t in_frames = 0;
  const auto take = [&](std::span<const uint8_t> frame) {
    ABCDS_CHECK(HasRightSum(frame) && CheckFrame(frame) == FrameFault::kNone);
    const auto found =
        std::search(stream.begin() + static_cast<ptrdiff_t>(from), stream.end(), frame.begin(), frame.end());
    ABCDS_CHECK(found != stream.end());
    from = static_cast<size_t>(found - stream.begin()) + frame.size();
    in_frames += frame.size();
    CheckDecoded(frame, options);
  };
  while (!input.empty()) {
    const auto piece = input.Bytes(1 + input.Byte());
    stream.insert(stream.end(), piece.begin(), piece.end());
    scanner.Push(piece);
    while (const auto frame = scanner.Next()) take(*frame);
  }
  while (const auto frame = scanner.NextOfRest()) take(*frame);
  const auto recorded = DecodeRecording(stream, options);
  ABCDS_CHECK(recorded.ok() ? in_frames > 0 : !recorded.status().message().empty());
  ABCDS_CHECK(scanner.skipped() + in_frames == stream.size());
  ABCDS_CHECK(!scanner.pending() && scanner.damaged() <= stream.size() && scanner.bad_sums() <= scanner.damaged());
}

// One whole frame with this content; then the same with one byte changed, which no sum may let pass.
void CheckContent(FuzzInput& input, const CodecOptions& options) {
  const uint8_t command = input.Byte();
  const uint8_t type = input.Byte();
  const size_t at = input.Word();
  const uint8_t change = input.Byte();
  Bytes frame = FrameAround(command, type, input.Bytes(kFrameMax - kOverhead));
  ABCDS_CHECK(CheckFrame(frame) == FrameFault::kNone);
  CheckDecoded(frame, options);
  if (change == 0) return;
  frame[at % frame.size()] = static_cast<uint8_t>(frame[at % frame.size()] + change);
  ABCDS_CHECK(CheckFrame(frame) != FrameFault::kNone);
  ABCDS_CHECK(!DecodeRecording(frame, options).ok());
}

}  // namespace
}  // namespace abcds::jk_bms

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace abcds::jk_bms;
  abcds::FuzzInput input(data, size);
  const uint8_t kind = input.Byte();
  const CodecOptions options{.below_zero_one_lower = (kind & 2) != 0};
  (kind & 1) != 0 ? CheckStream(input, options) : CheckContent(input, options);
  return 0;
}
