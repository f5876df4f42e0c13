// What a process that the guard has started does first.
#ifndef ABCDS_SERVER_GUARD_GUARDED_H_
#define ABCDS_SERVER_GUARD_GUARDED_H_

#include <sys/types.h>

#include <optional>
#include <string>

namespace abcds {

// The guard's process id in "--guarded=PID"; missing for any other argument.
[[nodiscard]] std::optional<pid_t> ParseGuardedArgument(const std::string& argument);

// Takes over the descriptors of agreement.h: from now on they end with this process. False where they are not there,
// since somebody typed the argument by hand.
[[nodiscard]] bool TakeDescriptors();

// The worker's: it gets a SIGTERM when the guard dies, besides the end of file at kLifeFd, and is ended at once when
// that has happened already. By the main thread, before anything is touched.
void FollowTheGuard(pid_t guard);

// Whether the guard has died.
[[nodiscard]] bool GuardHasGone();

// How many heartbeats the guard has not read yet: each is kBeatPeriod of its silence.
[[nodiscard]] int UnheardBeats();

// The configuration that the guard handed down.
[[nodiscard]] std::string ReadHandedConfig();

}  // namespace abcds

#endif  // ABCDS_SERVER_GUARD_GUARDED_H_
