// What the house draws and what the sun gives, as functions of time since the start.
#ifndef ABCDS_HAL_SIM_HOUSE_PROFILE_H_
#define ABCDS_HAL_SIM_HOUSE_PROFILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::sim {

// Power over time, >= 0. Callers ask with times that never go back.
class Profile {
 public:
  virtual ~Profile() = default;
  virtual Watts At(Nanoseconds since_start) = 0;
};

// Holds each value from its time on; linear between points where `linear`. Before the first point: its value. Points are
// in the order of time; after the last one it starts over where `period` is not zero.
struct ProfilePoint {
  double seconds;
  double watts;
};
std::unique_ptr<Profile> MakePoints(std::vector<ProfilePoint> points, bool linear = false, double period_seconds = 0);

// A household evening: base load with a refrigerator, a kettle (2 kW for minutes), a microwave that pulses, a washing
// machine whose drum turns every few seconds, and noise. `appliance_scale` shrinks the big ones for small inverters.
std::unique_ptr<Profile> MakeHousehold(uint64_t seed, double appliance_scale = 1.0, double noise_watts = 8.0);

// The sun behind clouds with sharp edges; `peak` at noon of a `day_seconds` long day that starts at sunrise.
std::unique_ptr<Profile> MakeCloudySun(uint64_t seed, double peak_watts, double day_seconds);

// `column` of a CSV file whose header line names its columns and whose first column is `seconds`; values hold until the
// next row.
absl::StatusOr<std::unique_ptr<Profile>> LoadTrace(const std::string& path, const std::string& column);

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_HOUSE_PROFILE_H_
