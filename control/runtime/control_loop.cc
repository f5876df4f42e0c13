#include "control/runtime/control_loop.h"

#include <pthread.h>

#include <algorithm>
#include <future>

#include "control/runtime/realtime.h"
#include "hal/rt/clock.h"
#include "hal/rt/realtime_scope.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

// Cycles run before the first one that counts, so that every page and cache line of the path has been touched.
constexpr int kDryCycles = 100;
// Maxima in the statistics cover windows of this length.
constexpr Nanoseconds kStatisticsWindow = 10s;
// A growing difference between CLOCK_BOOTTIME and CLOCK_MONOTONIC of this much is a suspend.
constexpr Nanoseconds kSuspend = 1s;

// Maximum over the last complete window.
class WindowMaximum {
 public:
  Nanoseconds Add(Nanoseconds value, MonotonicTime now) noexcept {
    if (now - begun_ >= kStatisticsWindow) {
      last_ = growing_;
      growing_ = Nanoseconds(0);
      begun_ = now;
    }
    growing_ = std::max(growing_, value);
    return std::max(last_, growing_);
  }

 private:
  MonotonicTime begun_{};
  Nanoseconds growing_{0};
  Nanoseconds last_{0};
};

// Stands in for the devices in the dry cycles: nothing may reach a real one before the plant is known.
class NoConverter final : public PowerConverter {
 public:
  void Start() override {}
  void Stop() override {}
  [[nodiscard]] DeviceDetails Details() const override { return {}; }
  [[nodiscard]] ThreadProgress progress() const noexcept override { return {}; }
  [[nodiscard]] ConverterState Latest() noexcept override { return {}; }
  void Command(const ConverterCommand&) noexcept override {}
};

class NoMeter final : public GridMeter {
 public:
  void Start() override {}
  void Stop() override {}
  [[nodiscard]] DeviceDetails Details() const override { return {}; }
  [[nodiscard]] MeterState Latest() noexcept override { return {}; }
};

void WarmUp(const CoreSettings& settings, Nanoseconds period) {
  NoMeter meter;
  NoConverter converter;
  CycleDevices devices;
  devices.meter = &meter;
  devices.converters.fill(&converter);
  const auto cycle = std::make_unique<Cycle>(settings, devices, CycleStatistics{});
  MonotonicTime now = MonotonicNow();
  for (int i = 0; i < kDryCycles; ++i) cycle->RunOnce(now += period, period, false);
}

}  // namespace

ControlLoop::ControlLoop(const CoreSettings& settings, const LoopOptions& options, const CycleDevices& devices)
    : settings_(settings), options_(options), cycle_(settings, devices, CycleStatistics{.period = options.period}) {}

ControlLoop::~ControlLoop() { Stop(); }

void ControlLoop::RestoreLatch(FaultId fault, int converter) noexcept {
  cycle_.RestoreLatch(fault, converter, MonotonicNow());
}

absl::Status ControlLoop::Start() {
  real_time_ = true;
  if (const absl::Status locked = LockMemory(); !locked.ok()) {
    if (!options_.allow_non_realtime) return locked;
    real_time_ = false;
  }
  // The thread tells whether it got its priority before Start() returns.
  std::promise<absl::Status> prepared;
  std::future<absl::Status> outcome = prepared.get_future();
  thread_ = std::thread([this, &prepared] {
    pthread_setname_np(pthread_self(), "control");
    TouchStack();
    WarmUp(settings_, options_.period);
    absl::Status status = BecomeRealtime(options_.priority, options_.cpu);
    const bool go = status.ok() || (options_.allow_non_realtime && absl::IsPermissionDenied(status));
    real_time_ = real_time_ && status.ok();
    prepared.set_value(go ? absl::OkStatus() : status);
    if (go) Run();
  });
  const absl::Status status = outcome.get();
  if (!status.ok()) thread_.join();
  return status;
}

void ControlLoop::Stop() {
  stopping_.store(true, std::memory_order_relaxed);
  if (thread_.joinable()) thread_.join();
}

void ControlLoop::Run() {
  const Nanoseconds period = options_.period;
  CycleStatistics& statistics = cycle_.statistics();
  statistics.real_time = real_time_;
  const ThreadUsage first = CurrentThreadUsage();
  WindowMaximum compute_window;
  WindowMaximum lateness_window;
  Nanoseconds suspended = SuspendedTime();
  MonotonicTime due = MonotonicNow() + period;
  MonotonicTime previous = due - period;
  size_t timed = 0;

  while (true) {
    SleepUntil(due);
    // Asked after the sleep: who has asked for the end gets no setpoint any more, but 0 W.
    if (stopping_.load(std::memory_order_relaxed)) break;
    RealtimeScope scope;
    const MonotonicTime now = MonotonicNow();
    const Nanoseconds cpu_before = ThreadCpuTime();
    const Nanoseconds suspended_now = SuspendedTime();
    const bool samples_void = suspended_now - suspended > kSuspend;
    suspended = suspended_now;

    cycle_.RunOnce(now, now - previous, samples_void);
    previous = now;

    const Nanoseconds compute = ThreadCpuTime() - cpu_before;
    const Nanoseconds lateness = now - due;
    statistics.compute.Add(compute);
    statistics.lateness.Add(lateness);
    statistics.compute_max = compute_window.Add(compute, now);
    statistics.lateness_max = lateness_window.Add(lateness, now);
    const ThreadUsage usage = CurrentThreadUsage();
    statistics.minor_faults = usage.minor_faults - first.minor_faults;
    statistics.major_faults = usage.major_faults - first.major_faults;
    statistics.involuntary_switches = usage.involuntary_switches - first.involuntary_switches;
    if (timed < options_.timings.size()) options_.timings[timed++] = {.lateness = lateness, .compute = compute};
    heartbeat_.fetch_add(1, std::memory_order_relaxed);

    // The next point of the grid that lies ahead; what was slept over is counted, never caught up.
    due += period;
    if (const MonotonicTime end = MonotonicNow(); due <= end) {
      const auto missed = static_cast<uint64_t>((end - due) / period + 1);
      statistics.missed += missed;
      due += period * static_cast<int64_t>(missed);
      cycle_.events().Push({.kind = Event::Kind::kMissedCycles, .time = end, .count = missed});
    }
  }
  cycle_.CommandZero(MonotonicNow());
}

}  // namespace abcds
