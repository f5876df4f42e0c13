// Recorded frames of a Trucki board, for people (`abcdsctl decode trucki`).
#ifndef ABCDS_HAL_DRIVERS_TRUCKI_RECORDED_H_
#define ABCDS_HAL_DRIVERS_TRUCKI_RECORDED_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace abcds::trucki {

// The values of one recorded reply, by names that end in the unit; discharging is negative. The board answers functions
// 3, 4, 6 and 16, of which the driver uses 3 and 16; in SDM630 mode it sends a telegram of its own accord (27 bytes, no
// request). Replies to reads need their request, since they do not say which registers they hold; all eight are clear
// without. InvalidArgument with one sentence for anything that is corrupt, refused by the board, or not a value.
[[nodiscard]] absl::StatusOr<std::map<std::string, double>> DecodeFrame(std::optional<std::span<const uint8_t>> request,
                                                                        std::span<const uint8_t> reply);

}  // namespace abcds::trucki

#endif  // ABCDS_HAL_DRIVERS_TRUCKI_RECORDED_H_
