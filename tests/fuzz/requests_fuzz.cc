// gRPC messages from anybody, turned into our words. The first byte chooses the message.
#include <cmath>

#include "hal/units/check.h"
#include "server/grpc/requests.h"
#include "tests/fuzz/input.h"

namespace abcds {
namespace {

// What goes through without overflow; whether it is allowed is the plant's business.
constexpr Nanoseconds kMost = std::chrono::hours(24 * 367);

bool IsBounded(const std::optional<Nanoseconds>& lease) {
  return !lease.has_value() || (*lease <= kMost && *lease >= -kMost);
}

template <class Message>
bool Read(FuzzInput& input, Message& message) {
  const auto rest = input.Rest();
  return message.ParseFromArray(rest.data(), static_cast<int>(rest.size()));
}

}  // namespace
}  // namespace abcds

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace abcds;
  FuzzInput input(data, size);
  const int kind = input.Byte() % 3;
  if (kind == 0) {
    v1::SetTargetRequest request;
    if (!Read(input, request)) return 0;
    const auto lease = LeaseOf(request);
    ABCDS_CHECK(lease.ok() ? lease->has_value() == request.has_lease() && IsBounded(*lease)
                           : absl::IsInvalidArgument(lease.status()));
  } else if (kind == 1) {
    v1::SetModeRequest request;
    if (!Read(input, request)) return 0;
    const absl::StatusOr<ModeRequest> mode = ModeRequestOf(request);
    if (!mode.ok()) {
      ABCDS_CHECK(absl::IsInvalidArgument(mode.status()));
      return 0;
    }
    ABCDS_CHECK(v1::Mode_IsValid(request.mode()) && request.mode() != v1::MODE_UNSPECIFIED);
    ABCDS_CHECK(IsBounded(mode->lease) && mode->power.has_value() == request.has_power_w());
  } else {
    v1::WatchStateRequest request;
    if (!Read(input, request)) return 0;
    const absl::StatusOr<Nanoseconds> interval = IntervalOf(request);
    ABCDS_CHECK(interval.ok() ? *interval >= std::chrono::milliseconds(50) && *interval <= std::chrono::hours(1)
                              : absl::IsInvalidArgument(interval.status()));
  }
  return 0;
}
