#include "hal/units/line_owner.h"

#include "absl/strings/cord.h"
#include "hal/units/check.h"

namespace abcds {
namespace {

constexpr char kPayload[] = "abcds/line-owner";
constexpr char kDaemonWord[] = "daemon";
constexpr char kOtherWord[] = "other";

}  // namespace

absl::Status LineOwnedError(LineOwner owner, const std::string& sentence) {
  ABCDS_CHECK(owner != LineOwner::kNobody);
  absl::Status status = absl::FailedPreconditionError(sentence);
  status.SetPayload(kPayload, absl::Cord(owner == LineOwner::kDaemon ? kDaemonWord : kOtherWord));
  return status;
}

LineOwner OwnerOf(const absl::Status& status) {
  const auto word = status.GetPayload(kPayload);
  if (!word) return LineOwner::kNobody;
  return *word == kDaemonWord ? LineOwner::kDaemon : LineOwner::kOther;
}

}  // namespace abcds
