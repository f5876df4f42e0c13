// Hexadecimal bytes as people type them.
#include <string>

#include "absl/status/statusor.h"
#include "hal/units/check.h"
#include "server/devices/hex.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(data, data + size);
  const absl::StatusOr<std::vector<uint8_t>> bytes = abcds::ParseHex(text);
  if (!bytes.ok()) {
    ABCDS_CHECK(!bytes.status().message().empty());
    return 0;
  }
  ABCDS_CHECK(!bytes->empty());
  // All digits that are there, two to a byte, and nothing else.
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '0' && i + 1 < text.size() && (text[i + 1] | 0x20) == 'x') {
      ++i;
    } else if (std::string(" \t\r\n:-,.;[](){}").find(text[i]) == std::string::npos) {
      digits += static_cast<char>(text[i] | 0x20);
    }
  }
  ABCDS_CHECK(digits.size() == 2 * bytes->size());
  for (size_t i = 0; i < bytes->size(); ++i) {
    ABCDS_CHECK(std::stoi(digits.substr(2 * i, 2), nullptr, 16) == (*bytes)[i]);
  }
  return 0;
}
