// Recorded Modbus frames, as `decode lumentree` and `decode trucki` read them.
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/drivers/lumentree/codec.h"
#include "hal/drivers/trucki/recorded.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"

namespace abcds {
namespace {

using Bytes = std::vector<uint8_t>;
using Values = absl::StatusOr<std::map<std::string, double>>;
using Decode = Values (*)(std::optional<std::span<const uint8_t>>, std::span<const uint8_t>);

// CRC-16/MODBUS by its definition, bit by bit.
unsigned Checksum(std::span<const uint8_t> bytes) {
  unsigned crc = 0xffff;
  for (const uint8_t byte : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      const bool low = ((crc ^ (byte >> bit)) & 1) != 0;
      crc = crc >> 1 ^ (low ? 0xa001 : 0);
    }
  }
  return crc;
}

bool IsIntact(std::span<const uint8_t> frame) { return frame.size() >= 4 && Checksum(frame) == 0; }

// Most inputs get a right checksum, since none is guessed.
Bytes Frame(FuzzInput& input, size_t size) {
  const bool corrupt = input.Byte() == 0xff;
  const auto bytes = input.Bytes(size);
  Bytes frame(bytes.begin(), bytes.end());
  if (corrupt) return frame;
  const unsigned crc = Checksum(frame);
  frame.push_back(static_cast<uint8_t>(crc));
  frame.push_back(static_cast<uint8_t>(crc >> 8));
  return frame;
}

void Check(Decode decode, const std::optional<Bytes>& request, Bytes reply, size_t at, uint8_t change) {
  const auto asked = request ? std::optional<std::span<const uint8_t>>(*request) : std::nullopt;
  const Values values = decode(asked, reply);
  if (!values.ok()) {
    ABCDS_CHECK(absl::IsInvalidArgument(values.status()) && !values.status().message().empty());
    return;
  }
  ABCDS_CHECK(!values->empty());
  // One stray byte behind a frame is a known quirk of adapters.
  ABCDS_CHECK(IsIntact(reply) || IsIntact(std::span(reply).first(reply.size() - 1)));
  ABCDS_CHECK(!request || IsIntact(*request));
  for (const auto& [name, value] : *values) ABCDS_CHECK(std::isfinite(value) && !name.empty());
  // A changed byte of the content is always found: 16 bits of checksum see every error of up to 16 bits.
  if (change == 0 || !IsIntact(reply) || reply.size() < 8) return;
  reply[3 + at % (reply.size() - 5)] ^= change;
  ABCDS_CHECK(!decode(asked, reply).ok());
}

}  // namespace
}  // namespace abcds

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace abcds;
  FuzzInput input(data, size);
  const uint8_t kind = input.Byte();
  const size_t at = input.Byte();
  const uint8_t change = input.Byte();
  std::optional<Bytes> request;
  if ((kind & 1) != 0) request = Frame(input, input.Byte() % 80);
  const Bytes reply = Frame(input, 300);
  Check(&lumentree::DecodeFrame, request, reply, at, change);
  Check(&trucki::DecodeFrame, request, reply, at, change);
  return 0;
}
