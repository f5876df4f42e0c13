// Recorded bytes of a JK line, for people (`abcdsctl decode jk-bms`).
#ifndef ABCDS_HAL_DRIVERS_JK_BMS_RECORDED_H_
#define ABCDS_HAL_DRIVERS_JK_BMS_RECORDED_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "hal/drivers/jk_bms/codec.h"

namespace abcds::jk_bms {

// The one reply to "read all" in `bytes`. Around it may stand what lines and adapters add: requests (an adapter's echo)
// on both sides, noise in front. Cells of 0 V, open sense wires, are values here; whatever else no pack can report is
// none. InvalidArgument with one sentence, what is wrong and at which byte, for anything damaged, for two replies, and
// for what belongs to another protocol.
[[nodiscard]] absl::StatusOr<Status> DecodeRecording(std::span<const uint8_t> bytes, const CodecOptions& options);

}  // namespace abcds::jk_bms

#endif  // ABCDS_HAL_DRIVERS_JK_BMS_RECORDED_H_
