// Bytes as people type them.
#ifndef ABCDS_SERVER_DEVICES_HEX_H_
#define ABCDS_SERVER_DEVICES_HEX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace abcds {

// "01 03 02 0D96 3C:BA": pairs of hexadecimal digits; blanks, colons and hyphens between bytes are ignored.
[[nodiscard]] absl::StatusOr<std::vector<uint8_t>> ParseHex(const std::string& text);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_HEX_H_
