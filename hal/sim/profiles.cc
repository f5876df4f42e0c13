#include "hal/sim/profiles.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace abcds::sim {
namespace {

constexpr double kDaySeconds = 3600;

// Fourteen steps of 50 to 450 W in ten minutes, at ever other phases of a meter's second.
std::unique_ptr<Profile> MakeSteps() {
  constexpr double kLoads[] = {200, 450, 300, 500, 150, 200, 550, 100, 350, 250, 500, 450, 150, 400, 200};
  std::vector<ProfilePoint> points;
  double at = 0;
  for (const double load : kLoads) {
    points.push_back({at, load});
    at += 40.37;
  }
  return MakePoints(std::move(points), /*linear=*/false, /*period_seconds=*/at);
}

// A 2 kW kettle, twice.
std::unique_ptr<Profile> MakeKettle() {
  return MakePoints({{0, 200}, {30.21, 2200}, {90.47, 200}, {150.83, 1200}, {210.11, 200}}, /*linear=*/false,
                    /*period_seconds=*/240);
}

// "prefix:NUMBER"; false when it is something else.
bool NumberAfter(const std::string& name, const std::string& prefix, double& number) {
  return name.rfind(prefix, 0) == 0 && absl::SimpleAtod(name.substr(prefix.size()), &number) && number >= 0 &&
         number <= 1e5;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Profile>> LoadByName(const std::string& name, uint64_t seed) {
  double watts = 0;
  if (name == "steps") return MakeSteps();
  if (name == "kettle") return MakeKettle();
  if (name == "household") return MakeHousehold(seed);
  if (NumberAfter(name, "constant:", watts)) return MakePoints({{0, watts}});
  if (name.find('.') == std::string::npos && name.find('/') == std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("no load is called \"", name, "\": steps, kettle, household, constant:WATTS, or a CSV file"));
  }
  return LoadTrace(name, "load_w");
}

absl::StatusOr<std::unique_ptr<Profile>> SunByName(const std::string& name, uint64_t seed) {
  double watts = 0;
  if (name == "none") return MakePoints({{0, 0}});
  if (NumberAfter(name, "cloudy:", watts)) return MakeCloudySun(seed, watts, kDaySeconds);
  if (name.find('.') == std::string::npos && name.find('/') == std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("no sun is called \"", name, "\": none, cloudy:WATTS, or a CSV file"));
  }
  return LoadTrace(name, "pv_w");
}

}  // namespace abcds::sim
