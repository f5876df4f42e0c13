// One control cycle: read all → decide → command → publish. Without thread and clock of its own, so that the
// deterministic simulation runs exactly what the control thread runs.
#ifndef ABCDS_CONTROL_RUNTIME_CYCLE_H_
#define ABCDS_CONTROL_RUNTIME_CYCLE_H_

#include <array>

#include "control/core/control_core.h"
#include "control/core/settings.h"
#include "control/core/types.h"
#include "control/runtime/snapshot.h"
#include "hal/api/battery_monitor.h"
#include "hal/api/grid_meter.h"
#include "hal/api/power_converter.h"
#include "hal/rt/event_queue.h"
#include "hal/rt/mailbox.h"
#include "hal/units/time.h"

namespace abcds {

using CycleEvents = EventQueue<Event, 256>;

// Not owned. Converters in the order of CoreSettings::converters; unused places null.
struct CycleDevices {
  GridMeter* meter = nullptr;
  BatteryMonitor* battery = nullptr;  // may be null
  std::array<PowerConverter*, kMaxConverters> converters{};
};

class Cycle {
 public:
  // Commands expire this long after the cycle that gave them.
  static constexpr Nanoseconds kCommandLife = std::chrono::seconds(1);

  Cycle(const CoreSettings& settings, const CycleDevices& devices, const CycleStatistics& initial);

  // Before the first cycle; see ControlCore.
  void RestoreLatch(FaultId fault, int converter, MonotonicTime now) noexcept {
    core_.RestoreLatch(fault, converter, now);
  }
  void RestoreLearned(int converter, Watts power) noexcept { core_.RestoreLearned(converter, power); }
  void RestoreSavings(int converter, const WriteSavings& savings) noexcept {
    core_.RestoreSavings(converter, savings);
  }

  // Real-time thread. Wait-free, no allocation. `dt` is the time since the previous call as it really was.
  void RunOnce(MonotonicTime now, Nanoseconds dt, bool samples_void) noexcept;
  // Commands 0 W everywhere, as the last thing the thread does.
  void CommandZero(MonotonicTime now) noexcept;

  // Filled by the thread that runs the cycle, part of the next snapshot.
  [[nodiscard]] CycleStatistics& statistics() noexcept { return statistics_; }
  // The thread that runs the cycle only; others read snapshots().
  [[nodiscard]] const Snapshot& last() const noexcept { return snapshot_; }

  [[nodiscard]] Mailbox<Snapshot>& snapshots() noexcept { return snapshots_; }
  [[nodiscard]] CycleEvents& events() noexcept { return events_; }
  [[nodiscard]] Mailbox<Intent>& intents() noexcept { return intents_; }

 private:
  void ReadDevices() noexcept;
  void ReportChanges(MonotonicTime now) noexcept;

  const CoreSettings settings_;
  CycleDevices devices_;
  ControlCore core_;
  CycleStatistics statistics_;
  Inputs inputs_;
  Snapshot snapshot_;
  Outputs before_;  // of the previous cycle
  Mailbox<Snapshot> snapshots_;
  Mailbox<Intent> intents_;
  CycleEvents events_;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_RUNTIME_CYCLE_H_
