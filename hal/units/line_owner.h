// Whose a line is, where it cannot be had.
#ifndef ABCDS_HAL_UNITS_LINE_OWNER_H_
#define ABCDS_HAL_UNITS_LINE_OWNER_H_

#include <string>

#include "absl/status/status.h"

namespace abcds {

enum class LineOwner {
  kNobody,  // what is wrong is something else
  kDaemon,  // a daemon that runs: it commands what is on the line, and asking again does not help
  kOther,   // a safe state, a daemon that is ending, another program: the line may be free in a moment
};

// Names of the processes that own lines, as the kernel shows them. Whoever finds a line taken learns from the name
// whether to wait.
inline constexpr char kWorkerProcess[] = "abcdsd-worker";
inline constexpr char kUnguardedProcess[] = "abcdsd-alone";    // --no_guard
inline constexpr char kEndingProcess[] = "abcdsd-ending";      // either of them, on its way to 0 W
inline constexpr char kSafeStateProcess[] = "abcdsd-safe";

// FailedPrecondition with this sentence, and with the owner for OwnerOf(). Not for kNobody.
[[nodiscard]] absl::Status LineOwnedError(LineOwner owner, const std::string& sentence);
[[nodiscard]] LineOwner OwnerOf(const absl::Status& status);

}  // namespace abcds

#endif  // ABCDS_HAL_UNITS_LINE_OWNER_H_
