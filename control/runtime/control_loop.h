// The control thread: one cycle on a fixed grid, for ever.
#ifndef ABCDS_CONTROL_RUNTIME_CONTROL_LOOP_H_
#define ABCDS_CONTROL_RUNTIME_CONTROL_LOOP_H_

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "control/core/settings.h"
#include "control/runtime/cycle.h"
#include "control/runtime/snapshot.h"
#include "hal/rt/event_queue.h"
#include "hal/rt/mailbox.h"

namespace abcds {

// How one cycle went, for benchmarks.
struct CycleTiming {
  Nanoseconds lateness{0};  // wake-up after the grid point
  Nanoseconds compute{0};   // by the thread's CPU clock
};

struct LoopOptions {
  Nanoseconds period = std::chrono::milliseconds(20);
  int priority = 40;       // SCHED_FIFO
  std::optional<int> cpu;  // missing: any
  // For a desk without privileges: run on without FIFO priority or locked memory where they are refused.
  bool allow_non_realtime = false;
  // Filled with the first cycles until it is full; read it after Stop().
  std::span<CycleTiming> timings{};
};

// Owns the control thread. Devices must be started before and stopped after it, and outlive it.
class ControlLoop {
 public:
  ControlLoop(const CoreSettings& settings, const LoopOptions& options, const CycleDevices& devices);
  ~ControlLoop();
  ControlLoop(const ControlLoop&) = delete;
  ControlLoop& operator=(const ControlLoop&) = delete;

  // Before Start(): a fault that an earlier run of the program left latched. `converter`: -1 for the plant.
  void RestoreLatch(FaultId fault, int converter) noexcept;
  // Likewise: what it has learned of a converter's power.
  void RestoreLearned(int converter, Watts power) noexcept { cycle_.RestoreLearned(converter, power); }
  // Likewise: what was left of its write budget.
  void RestoreSavings(int converter, const WriteSavings& savings) noexcept {
    cycle_.RestoreSavings(converter, savings);
  }

  // Locks memory, warms up, starts the thread. Fails with what to do where the kernel refuses real-time priority (unless
  // allow_non_realtime).
  [[nodiscard]] absl::Status Start();
  // Ends the thread after a last cycle that commands 0 W everywhere. Idempotent.
  void Stop();

  // The border: one reader thread each for snapshots and events, one writer (a mutex on their side) for intents.
  [[nodiscard]] Mailbox<Snapshot>& snapshots() noexcept { return cycle_.snapshots(); }
  [[nodiscard]] CycleEvents& events() noexcept { return cycle_.events(); }
  [[nodiscard]] Mailbox<Intent>& intents() noexcept { return cycle_.intents(); }
  // Counts cycles; a watchdog feeds while it grows. Any thread.
  [[nodiscard]] uint64_t Heartbeat() const noexcept { return heartbeat_.load(std::memory_order_relaxed); }

 private:
  void Run();

  const CoreSettings settings_;
  LoopOptions options_;
  Cycle cycle_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> heartbeat_{0};
  bool real_time_ = false;
  std::thread thread_;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_RUNTIME_CONTROL_LOOP_H_
