// The fuzzer's bytes as the arguments of a test.
#ifndef ABCDS_TESTS_FUZZ_INPUT_H_
#define ABCDS_TESTS_FUZZ_INPUT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace abcds {

// Gives zeros once the bytes are used up, so that every input is a whole test.
class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : rest_(data, size) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }

  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const uint8_t byte = rest_.front();
    rest_ = rest_.subspan(1);
    return byte;
  }
  bool Bit() { return (Byte() & 1) != 0; }
  uint16_t Word() {
    const uint8_t high = Byte();
    return static_cast<uint16_t>(high << 8 | Byte());
  }
  // Any double: infinite ones and NaN, too.
  double Real() {
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = bits << 8 | Byte();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  std::span<const uint8_t> Bytes(size_t most) {
    const auto taken = rest_.first(std::min(most, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::span<const uint8_t> Rest() { return Bytes(rest_.size()); }
  std::string Text(size_t most) { return AsText(Bytes(most)); }
  std::string RestText() { return AsText(Rest()); }
  // Up to the next line end, without it.
  std::string Line() {
    const auto end = std::find(rest_.begin(), rest_.end(), static_cast<uint8_t>('\n'));
    std::string line = Text(static_cast<size_t>(end - rest_.begin()));
    Byte();
    return line;
  }

 private:
  static std::string AsText(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

  std::span<const uint8_t> rest_;
};

}  // namespace abcds

#endif  // ABCDS_TESTS_FUZZ_INPUT_H_
