// Bytes as people type them.
#ifndef ABCDS_SERVER_DEVICES_HEX_H_
#define ABCDS_SERVER_DEVICES_HEX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace abcds {

// "01 03 02 0D96 3C:BA", "[0x01, 0x03]": pairs of hexadecimal digits, each pair with 0x in front or not; blanks,
// brackets, and : - , . ; between bytes are ignored.
[[nodiscard]] absl::StatusOr<std::vector<uint8_t>> ParseHex(const std::string& text);
// Several arguments, put together: a long frame in pieces, or one that a shell has taken apart.
[[nodiscard]] absl::StatusOr<std::vector<uint8_t>> ParseHex(const std::vector<std::string>& pieces);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_HEX_H_
