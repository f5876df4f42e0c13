// JK's frame and sum, written a second time: what the driver says about a sum is not believed here.
#ifndef ABCDS_TESTS_FUZZ_JK_SUM_H_
#define ABCDS_TESTS_FUZZ_JK_SUM_H_

#include <cstdint>
#include <span>
#include <vector>

namespace abcds {

[[nodiscard]] inline bool HasRightSum(std::span<const uint8_t> frame) {
  if (frame.size() < 6) return false;
  unsigned sum = 0;
  for (const uint8_t byte : frame.first(frame.size() - 4)) sum += byte;
  const auto last = frame.last(2);
  return (sum & 0xffff) == static_cast<unsigned>(last[0] << 8 | last[1]);
}

// 4E 57, length, terminal, command, source, type, content, record number, 68, 00 00, sum.
[[nodiscard]] inline std::vector<uint8_t> FrameAround(uint8_t command, uint8_t type, std::span<const uint8_t> content) {
  const size_t length = content.size() + 18;
  std::vector<uint8_t> frame = {0x4e, 0x57, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)};
  for (const uint8_t byte : {uint8_t{0}, uint8_t{0}, uint8_t{0}, uint8_t{0}, command, uint8_t{0}, type}) {
    frame.push_back(byte);
  }
  frame.insert(frame.end(), content.begin(), content.end());
  for (const uint8_t byte : {0, 0, 0, 0, 0x68}) frame.push_back(byte);
  unsigned sum = 0;
  for (const uint8_t byte : frame) sum += byte;
  for (const unsigned byte : {0u, 0u, sum >> 8 & 0xff, sum & 0xff}) frame.push_back(static_cast<uint8_t>(byte));
  return frame;
}

}  // namespace abcds

#endif  // ABCDS_TESTS_FUZZ_JK_SUM_H_
