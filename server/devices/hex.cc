#include "server/devices/hex.h"

#include <string_view>

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

// As loggers, terminals and source code write bytes.
bool IsSeparator(char c) { return std::string_view(" :-,.;[](){}\t\n\r").find(c) != std::string_view::npos; }

bool IsPrefix(const std::string& text, size_t at) {
  return text[at] == '0' && at + 1 < text.size() && (text[at + 1] == 'x' || text[at + 1] == 'X');
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> ParseHex(const std::string& text) {
  std::vector<uint8_t> bytes;
  size_t i = 0;
  while (i < text.size()) {
    if (IsSeparator(text[i])) {
      ++i;
      continue;
    }
    if (IsPrefix(text, i)) i += 2;
    const int high = i < text.size() ? DigitOf(text[i]) : -1;
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

absl::StatusOr<std::vector<uint8_t>> ParseHex(const std::vector<std::string>& pieces) {
  if (pieces.size() == 1) return ParseHex(pieces[0]);
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const auto piece = ParseHex(pieces[i]);
    if (!piece.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("piece ", i + 1, ": ", std::string(piece.status().message())));
    }
    bytes.insert(bytes.end(), piece->begin(), piece->end());
  }
  return bytes;
}

}  // namespace abcds
