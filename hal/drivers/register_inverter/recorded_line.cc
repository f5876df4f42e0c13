#include "hal/drivers/register_inverter/recorded_line.h"

namespace abcds::register_inverter {
namespace {

constexpr uint8_t kWriteSeveral = 16;
constexpr size_t kShortRequestBytes = 8;
constexpr size_t kWriteOverhead = 9;
constexpr size_t kWriteByteCount = 6;  // where it stands

}  // namespace

uint16_t ModbusChecksum(std::span<const uint8_t> bytes) noexcept {
  unsigned sum = 0xffff;
  for (const uint8_t byte : bytes) {
    sum ^= byte;
    for (int bit = 0; bit < 8; ++bit) sum = (sum & 1) != 0 ? sum >> 1 ^ 0xa001 : sum >> 1;
  }
  return static_cast<uint16_t>(sum);
}

size_t RequestInFront(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() < kShortRequestBytes) return 0;
  const uint8_t function = bytes[1];
  if (function != 3 && function != 4 && function != 6 && function != kWriteSeveral) return 0;
  const size_t size = function == kWriteSeveral ? kWriteOverhead + bytes[kWriteByteCount] : kShortRequestBytes;
  return bytes.size() > size && ModbusChecksum(bytes.first(size)) == 0 ? size : 0;
}

}  // namespace abcds::register_inverter
