// Starts the guard's children, and says how they ended.
#ifndef ABCDS_SERVER_GUARD_CHILD_H_
#define ABCDS_SERVER_GUARD_CHILD_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace abcds {

// What a child gets; each a descriptor of ours at or above kOwnFdsFrom, or -1.
struct Handed {
  int life = -1;
  int heartbeat = -1;
  int config = -1;
  bool urgent = false;  // keeps the guard's own priority
};

// The guard's own descriptors lie above those that it hands out.
inline constexpr int kOwnFdsFrom = 10;

// `fd` moved to kOwnFdsFrom or above, closed on exec. -1 where there are no descriptors left.
[[nodiscard]] int MoveUp(int fd);

// Forks and executes `program` with these arguments (the first is its name), in a process group of its own (what is
// typed at a terminal reaches the guard alone), with no signal blocked and the descriptors of agreement.h. The caller
// must have one thread only. The process id, or -1 with errno.
[[nodiscard]] pid_t StartChild(const std::string& program, const std::vector<std::string>& arguments,
                               const Handed& handed);

// "was killed by signal 11 (Segmentation fault)", "ended with status 3".
[[nodiscard]] std::string DescribeEnd(int wait_status);

// The kernel's out-of-memory killer takes the worker rather than the guard, and a machine that has too much to do runs
// the guard first: the lowest real-time priority, far below the control thread's. Where that is denied, it stays as it
// is.
void PreferToSurvive();

}  // namespace abcds

#endif  // ABCDS_SERVER_GUARD_CHILD_H_
