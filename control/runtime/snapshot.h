// What the control cycle publishes each time: everything that faces show of the plant.
#ifndef ABCDS_CONTROL_RUNTIME_SNAPSHOT_H_
#define ABCDS_CONTROL_RUNTIME_SNAPSHOT_H_

#include <array>
#include <cstdint>

#include "control/core/types.h"
#include "hal/api/battery_monitor.h"
#include "hal/api/grid_meter.h"
#include "hal/api/power_converter.h"
#include "hal/units/time.h"

namespace abcds {

// Counts per bucket, cumulative since the start; made for a Prometheus histogram. Bucket i counts values <= kBounds[i];
// the last one takes the rest.
struct DurationHistogram {
  static constexpr std::array<double, 12> kBoundsSeconds = {5e-6,   10e-6,  20e-6, 50e-6, 100e-6, 200e-6,
                                                            500e-6, 1e-3,   2e-3,  5e-3,  20e-3,  100e-3};
  std::array<uint64_t, kBoundsSeconds.size() + 1> counts{};
  double sum_seconds = 0.0;

  void Add(Nanoseconds duration) noexcept {
    const double seconds = ToSeconds(duration);
    size_t bucket = 0;
    while (bucket < kBoundsSeconds.size() && seconds > kBoundsSeconds[bucket]) ++bucket;
    ++counts[bucket];
    sum_seconds += seconds;
  }
};

struct CycleStatistics {
  uint64_t sequence = 0;      // cycles run
  uint64_t missed = 0;        // grid points skipped after an overrun
  Nanoseconds period{0};
  Nanoseconds compute_max{0};   // over the last 10 s window that is complete, by the thread's CPU clock
  Nanoseconds lateness_max{0};  // likewise: wake-up after the grid point
  uint64_t minor_faults = 0;  // of the control thread, since its first cycle
  uint64_t major_faults = 0;
  uint64_t involuntary_switches = 0;
  uint64_t events_dropped = 0;
  bool real_time = false;     // SCHED_FIFO and locked memory were granted
  DurationHistogram compute{};
  DurationHistogram lateness{};
};

struct Snapshot {
  MonotonicTime time = MonotonicTime::min();  // of the cycle; min() until the first one
  MeterState meter;
  BatteryState battery;
  std::array<ConverterState, kMaxConverters> converter_states;
  int converter_count = 0;
  Intent intent;    // as the cycle has seen it
  Outputs outputs;
  CycleStatistics cycle;
};

// What happened, in order, for logs and history. Times are the cycle's.
struct Event {
  enum class Kind : uint8_t { kFaultRaised, kFaultCleared, kFaultLatched, kModeChanged, kBatteryFull, kBatteryEmpty,
                              kMissedCycles };
  Kind kind = Kind::kFaultRaised;
  MonotonicTime time = MonotonicTime::min();
  FaultId fault = FaultId::kCount;
  int8_t converter = -1;
  Mode mode = Mode::kAutomatic;
  bool on = false;         // kBatteryFull, kBatteryEmpty: entered or left
  uint64_t count = 0;      // kMissedCycles
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_RUNTIME_SNAPSHOT_H_
