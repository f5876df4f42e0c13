// Requests into our words. What cannot be said in our words is InvalidArgument with the field's name; whether it is
// allowed is the plant's business.
#ifndef ABCDS_SERVER_GRPC_REQUESTS_H_
#define ABCDS_SERVER_GRPC_REQUESTS_H_

#include <optional>

#include "abcds/v1/control.pb.h"
#include "abcds/v1/state.pb.h"
#include "absl/status/statusor.h"
#include "hal/units/time.h"
#include "server/plant/arbiter.h"

namespace abcds {

// Missing stays missing.
[[nodiscard]] absl::StatusOr<std::optional<Nanoseconds>> LeaseOf(const v1::SetTargetRequest& request);

[[nodiscard]] absl::StatusOr<ModeRequest> ModeRequestOf(const v1::SetModeRequest& request);

// Missing: 1 s.
[[nodiscard]] absl::StatusOr<Nanoseconds> IntervalOf(const v1::WatchStateRequest& request);

}  // namespace abcds

#endif  // ABCDS_SERVER_GRPC_REQUESTS_H_
