#include "server/grpc/requests.h"

#include <cstdint>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace abcds {
namespace {

constexpr Nanoseconds kIntervalMin = std::chrono::milliseconds(50);
constexpr Nanoseconds kIntervalMax = std::chrono::hours(1);

absl::StatusOr<Nanoseconds> DurationOf(const char* field, const google::protobuf::Duration& duration) {
  // google.protobuf.Duration allows 10,000 years, which nanoseconds do not hold; nobody here means more than one.
  constexpr int64_t kSecondsMax = 366 * 86'400;
  const bool sign_differs =
      (duration.seconds() > 0 && duration.nanos() < 0) || (duration.seconds() < 0 && duration.nanos() > 0);
  if (sign_differs || std::abs(static_cast<int64_t>(duration.nanos())) > 999'999'999) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, " is malformed: nanos must be below 1e9 and have the sign of seconds"));
  }
  if (duration.seconds() > kSecondsMax || duration.seconds() < -kSecondsMax) {
    return absl::InvalidArgumentError(absl::StrCat(field, " = ", duration.seconds(), " s is longer than a year"));
  }
  return std::chrono::seconds(duration.seconds()) + Nanoseconds(duration.nanos());
}

template <class Request>
absl::StatusOr<std::optional<Nanoseconds>> OptionalLease(const Request& request) {
  if (!request.has_lease()) return std::optional<Nanoseconds>();
  const absl::StatusOr<Nanoseconds> lease = DurationOf("lease", request.lease());
  if (!lease.ok()) return lease.status();
  return std::optional<Nanoseconds>(*lease);
}

absl::StatusOr<Mode> ModeOf(v1::Mode mode) {
  switch (mode) {
    case v1::MODE_AUTOMATIC:
      return Mode::kAutomatic;
    case v1::MODE_IDLE:
      return Mode::kIdle;
    case v1::MODE_OBSERVE:
      return Mode::kObserve;
    case v1::MODE_CHARGE_ONLY:
      return Mode::kChargeOnly;
    case v1::MODE_DISCHARGE_ONLY:
      return Mode::kDischargeOnly;
    case v1::MODE_FORCED:
      return Mode::kForced;
    case v1::MODE_UNSPECIFIED:
      return absl::InvalidArgumentError("mode is missing");
    default:
      break;
  }
  return absl::InvalidArgumentError(absl::StrCat("mode = ", static_cast<int>(mode),
                                                 " is unknown to this version; known: MODE_AUTOMATIC, MODE_IDLE, "
                                                 "MODE_OBSERVE, MODE_CHARGE_ONLY, MODE_DISCHARGE_ONLY, MODE_FORCED"));
}

}  // namespace

absl::StatusOr<std::optional<Nanoseconds>> LeaseOf(const v1::SetTargetRequest& request) {
  return OptionalLease(request);
}

absl::StatusOr<ModeRequest> ModeRequestOf(const v1::SetModeRequest& request) {
  const absl::StatusOr<Mode> mode = ModeOf(request.mode());
  if (!mode.ok()) return mode.status();
  const absl::StatusOr<std::optional<Nanoseconds>> lease = OptionalLease(request);
  if (!lease.ok()) return lease.status();
  ModeRequest result;
  result.mode = *mode;
  result.lease = *lease;
  if (request.has_power_w()) result.power = Watts(request.power_w());
  if (request.has_until_soc_ratio()) result.until_soc = Ratio(request.until_soc_ratio());
  return result;
}

absl::StatusOr<Nanoseconds> IntervalOf(const v1::WatchStateRequest& request) {
  if (!request.has_min_interval()) return Nanoseconds(std::chrono::seconds(1));
  const absl::StatusOr<Nanoseconds> interval = DurationOf("min_interval", request.min_interval());
  if (!interval.ok()) return interval.status();
  if (*interval < kIntervalMin || *interval > kIntervalMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("min_interval = ", ToSeconds(*interval), " s is outside [0.05 s, 1 h]"));
  }
  return *interval;
}

}  // namespace abcds
