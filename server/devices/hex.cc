#include "server/devices/hex.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace abcds {

namespace {

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsSeparator(char c) { return c == ' ' || c == ':' || c == '-' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

absl::StatusOr<std::vector<uint8_t>> ParseHex(const std::string& text) {
  std::vector<uint8_t> bytes;
  size_t i = 0;
  while (i < text.size()) {
    if (IsSeparator(text[i])) {
      ++i;
      continue;
    }
    const int high = DigitOf(text[i]);
    const int low = i + 1 < text.size() ? DigitOf(text[i + 1]) : -1;
    if (high < 0 || low < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("not hexadecimal at character ", i + 1, ": bytes are pairs of digits, like 01 03 0D"));
    }
    bytes.push_back(static_cast<uint8_t>(high * 16 + low));
    i += 2;
  }
  if (bytes.empty()) return absl::InvalidArgumentError("there is no byte in it");
  return bytes;
}

}  // namespace abcds
