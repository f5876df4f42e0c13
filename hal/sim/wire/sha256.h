// SHA-256, for checking logins at the device's end of the wire.
#ifndef ABCDS_HAL_SIM_WIRE_SHA256_H_
#define ABCDS_HAL_SIM_WIRE_SHA256_H_

#include <string>
#include <string_view>

namespace abcds::sim {

// FIPS 180-4, in lower-case hexadecimal.
[[nodiscard]] std::string Sha256Hex(std::string_view text);

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_SHA256_H_
