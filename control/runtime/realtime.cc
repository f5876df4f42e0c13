#include "control/runtime/realtime.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "absl/strings/str_cat.h"

namespace abcds {
namespace {

constexpr size_t kStackToTouch = 64 * 1024;
// What the network's threads and libraries may still map after the lock.
constexpr size_t kRoomToCome = 256 * 1024 * 1024;
// A cycle takes microseconds; whoever runs for this long without sleeping hangs.
constexpr rlim_t kLongestRunMicroseconds = 200'000;

}  // namespace

absl::Status LockMemory() {
  if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) {
    // Under a limit the call succeeds while little is mapped, and the next thread's stack is then refused.
    void* const room = mmap(nullptr, kRoomToCome, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room != MAP_FAILED) {
      munmap(room, kRoomToCome);
      return absl::OkStatus();
    }
    munlockall();
    errno = ENOMEM;
  }
  return absl::PermissionDeniedError(absl::StrCat(
      "cannot lock memory (", std::strerror(errno),
      "): give the process CAP_IPC_LOCK or raise its limit (systemd: LimitMEMLOCK=infinity, shell: ulimit -l unlimited), "
      "or add --allow_non_realtime on a desk"));
}

absl::Status BecomeRealtime(int priority, std::optional<int> cpu) {
  if (cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<size_t>(*cpu), &set);
    if (const int error = pthread_setaffinity_np(pthread_self(), sizeof(set), &set); error != 0) {
      return absl::InvalidArgumentError(absl::StrCat("cannot run on real_time.cpu = ", *cpu, " (", std::strerror(error),
                                                     "): this machine has no such processor for us"));
    }
  }
  const rlimit run{.rlim_cur = kLongestRunMicroseconds, .rlim_max = 2 * kLongestRunMicroseconds};
  setrlimit(RLIMIT_RTTIME, &run);
  sched_param parameters{};
  parameters.sched_priority = priority;
  // Process 0 is the calling thread; pthread_setschedparam does not know SCHED_RESET_ON_FORK.
  if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      "cannot run with SCHED_FIFO priority ", priority, " (", std::strerror(errno),
      "): give the process CAP_SYS_NICE or raise its limit (systemd: LimitRTPRIO=", priority, ", shell: ulimit -r ",
      priority, "); in a cgroup of a kernel with CONFIG_RT_GROUP_SCHED it also needs a real-time budget; or add "
      "--allow_non_realtime on a desk"));
}

void TouchStack() noexcept {
  volatile char stack[kStackToTouch];
  for (size_t i = 0; i < sizeof(stack); i += 1024) stack[i] = 0;
}

Nanoseconds ThreadCpuTime() noexcept {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + Nanoseconds(t.tv_nsec);
}

ThreadUsage CurrentThreadUsage() noexcept {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return {.minor_faults = static_cast<uint64_t>(usage.ru_minflt),
          .major_faults = static_cast<uint64_t>(usage.ru_majflt),
          .involuntary_switches = static_cast<uint64_t>(usage.ru_nivcsw)};
}

}  // namespace abcds
