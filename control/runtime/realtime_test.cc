#include "control/runtime/realtime.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "control/runtime/control_loop.h"
#include "control/runtime/fake_devices.h"

namespace abcds {
namespace {

// Everything here runs in a child process (EXPECT_EXIT), which may give away its rights and change its priority.

// Gives away all capabilities but `kept`, a bit mask.
void DropRights(uint32_t kept = 0) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct rights[2] = {{.effective = kept, .permitted = kept, .inheritable = 0}, {}};
  if (syscall(SYS_capset, &header, rights) != 0) std::perror("capset");
}

void Limit(int resource, rlim_t most) {
  const rlimit limit{.rlim_cur = most, .rlim_max = most};
  if (setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) std::perror("setrlimit");
}

[[noreturn]] void Tell(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(status.ok() ? 0 : 1);
}

[[noreturn]] void StartLoop(bool allow_non_realtime) {
  FakeSite site;
  LoopOptions options;
  options.allow_non_realtime = allow_non_realtime;
  ControlLoop loop(site.settings, options, site.devices);
  const absl::Status status = loop.Start();
  if (status.ok()) {
    site.converter.WaitForCommands(3);
    loop.Stop();
    std::fprintf(stderr, "real time: %d\n", loop.snapshots().Latest().cycle.real_time);
  } else if (site.converter.commands.load() != 0) {
    std::fprintf(stderr, "it refused and commanded all the same\n");
  }
  Tell(status);
}

constexpr char kNoPriority[] =
    "^PERMISSION_DENIED: cannot run with SCHED_FIFO priority 40 .*CAP_SYS_NICE.*LimitRTPRIO=40.*--allow_non_realtime";

TEST(RealtimeDeathTest, WithoutPrivilegesThereIsNoPriorityAndItSaysWhatToDo) {
  EXPECT_EXIT({
    Limit(RLIMIT_RTPRIO, 0);
    DropRights();
    Tell(BecomeRealtime(40, {}));
  }, testing::ExitedWithCode(1), kNoPriority);
}

TEST(RealtimeDeathTest, WithoutPriorityTheLoopDoesNotStart) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can keep the right to lock memory and give away the priority";
  const bool lockable = LockMemory().ok();
  munlockall();
  if (!lockable) GTEST_SKIP() << "memory cannot be locked here, root or not (a sandbox's root has no such right)";
  EXPECT_EXIT({
    Limit(RLIMIT_RTPRIO, 0);
    DropRights(1u << CAP_IPC_LOCK);
    StartLoop(false);
  }, testing::ExitedWithCode(1), kNoPriority);
}

TEST(RealtimeDeathTest, WithoutLockedMemoryTheLoopDoesNotStartAndSaysWhatToDo) {
  EXPECT_EXIT({
    Limit(RLIMIT_MEMLOCK, 0);
    DropRights();
    StartLoop(false);
  }, testing::ExitedWithCode(1), "^PERMISSION_DENIED: cannot lock memory .*CAP_IPC_LOCK.*LimitMEMLOCK=infinity");
}

TEST(RealtimeDeathTest, OnADeskItRunsWithoutEitherAndSaysSo) {
  EXPECT_EXIT({
    Limit(RLIMIT_MEMLOCK, 0);
    Limit(RLIMIT_RTPRIO, 0);
    DropRights();
    StartLoop(true);
  }, testing::ExitedWithCode(0), "real time: 0");
}

TEST(RealtimeDeathTest, APriorityThatDoesNotExistIsAnError) {
  EXPECT_EXIT(Tell(BecomeRealtime(200, {})), testing::ExitedWithCode(1), "SCHED_FIFO priority 200");
}

TEST(RealtimeTest, CpuTimeGrowsWithWork) {
  const Nanoseconds before = ThreadCpuTime();
  volatile double x = 1;
  for (int i = 0; i < 1'000'000; ++i) x = x * 1.0000001;
  EXPECT_GT(ThreadCpuTime(), before);
}

}  // namespace
}  // namespace abcds
