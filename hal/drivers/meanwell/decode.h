// What recorded frames of a Mean Well device say, for people: `abcdsctl decode`. Pure.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_DECODE_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_DECODE_H_

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/drivers/meanwell/command.h"

namespace abcds::meanwell {

// By names that end in the unit; words where no number says it.
using LogValues =
    std::map<std::string, std::variant<double, bool, std::string, std::vector<double>, std::vector<std::string>>>;

// `lines` as ParseFrameText takes them: replies, and requests with what they write. Where the log has a value more than
// once, the last one counts; "log" has all, in order. Frames of others are left out and counted. A log of several
// units needs `unit`. InvalidArgument, with one sentence, where anything is corrupt or nothing belongs to the device.
[[nodiscard]] absl::StatusOr<LogValues> DecodeLog(Family family, const std::vector<std::string>& lines,
                                                  std::optional<uint8_t> unit);

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_DECODE_H_
