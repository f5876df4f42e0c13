// Loads and suns by name, as the command line calls them.
#ifndef ABCDS_HAL_SIM_PROFILES_H_
#define ABCDS_HAL_SIM_PROFILES_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "hal/sim/house/profile.h"

namespace abcds::sim {

// "steps", "kettle", "household", "constant:WATTS", or the path of a CSV file with the columns seconds and load_w.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Profile>> LoadByName(const std::string& name, uint64_t seed);

// "none", "cloudy:WATTS" (peak power on a day of an hour), or the path of a CSV file with the columns seconds and pv_w.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Profile>> SunByName(const std::string& name, uint64_t seed);

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_PROFILES_H_
