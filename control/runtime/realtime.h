// What the control thread needs of the kernel: FIFO priority, locked memory, no lazy pages.
#ifndef ABCDS_CONTROL_RUNTIME_REALTIME_H_
#define ABCDS_CONTROL_RUNTIME_REALTIME_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "hal/units/time.h"

namespace abcds {

// Locks the process's memory, present and future, each page once it is touched (MCL_ONFAULT: without it the stacks of
// all network threads would be resident). Fails with what to do.
[[nodiscard]] absl::Status LockMemory();

// Makes the calling thread SCHED_FIFO at `priority` (children do not inherit it), on `cpu` where given, and limits how
// long it may run without sleeping: a spinning FIFO thread starves a one-core Pi. Fails with what to do.
[[nodiscard]] absl::Status BecomeRealtime(int priority, std::optional<int> cpu);

// Touches the calling thread's stack so that the control cycle causes no page fault later.
void TouchStack() noexcept;

// CPU time that the calling thread has used.
[[nodiscard]] Nanoseconds ThreadCpuTime() noexcept;

struct ThreadUsage {
  uint64_t minor_faults = 0;
  uint64_t major_faults = 0;
  uint64_t involuntary_switches = 0;
};
[[nodiscard]] ThreadUsage CurrentThreadUsage() noexcept;

}  // namespace abcds

#endif  // ABCDS_CONTROL_RUNTIME_REALTIME_H_
