// Plant: the ordinary side of the control core. Keeps the copy of the snapshot that faces read, and hands their wishes
// to the control cycle.
#ifndef ABCDS_SERVER_PLANT_PLANT_H_
#define ABCDS_SERVER_PLANT_PLANT_H_

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "control/runtime/cycle.h"
#include "control/runtime/snapshot.h"
#include "hal/rt/mailbox.h"
#include "server/log/log.h"
#include "server/plant/arbiter.h"
#include "server/plant/facts.h"
#include "server/plant/plant_memory.h"
#include "server/plant/plant_state.h"

namespace abcds {

// The real-time border as the ordinary side sees it. The plant is the only reader of the first two and the only writer
// of the third.
struct PlantBorder {
  Mailbox<Snapshot>& snapshots;
  CycleEvents& events;
  Mailbox<Intent>& intents;
};

// Asks a device for its details; may be slow. An empty function stands for a device without any.
struct DetailsSources {
  std::function<DeviceDetails()> meter;
  std::function<DeviceDetails()> battery;
  std::vector<std::function<DeviceDetails()>> converters;
};

// Two threads: the publisher moves snapshots and events at 20 Hz; the other one gathers details and logs troubles once
// a second, so that a slow device delays no snapshot. All public functions are thread-safe.
class Plant {
 public:
  static constexpr Nanoseconds kPublishPeriod = std::chrono::milliseconds(50);
  // While somebody waits for a wish to take effect.
  static constexpr Nanoseconds kHurriedPeriod = std::chrono::milliseconds(5);
  static constexpr Nanoseconds kDetailsPeriod = std::chrono::seconds(1);
  // A wish that no cycle has acted on by then has failed; a control loop that publishes nothing for so long is stuck.
  static constexpr Nanoseconds kCycleTimeout = std::chrono::seconds(1);

  using StatePtr = std::shared_ptr<const PlantState>;

  // Publishes the intent at once, before any cycle runs: as configured, but for what `before` says is disabled (its
  // latches are the control loop's business). `remember` is called from the publisher thread. Everything referred to
  // must outlive the plant.
  Plant(
      SiteFacts facts, DetailsSources sources, PlantBorder border, Log& log, const PlantMemory& before = {},
      RememberPlant remember = [](const PlantMemory&) {});
  ~Plant();
  Plant(const Plant&) = delete;
  Plant& operator=(const Plant&) = delete;

  void Start();
  // The control cycle is about to end: from now on wishes are refused, and its silence is no trouble.
  void AnnounceEnd() { ending_ = true; }
  void Stop();  // idempotent; wakes all who wait. What the last cycle latched has been remembered then.

  [[nodiscard]] const SiteFacts& facts() const { return facts_; }

  // The newest state; null until the first control cycle has run.
  [[nodiscard]] StatePtr Latest() const;
  // Whether a control cycle has been published within the last second.
  [[nodiscard]] bool Alive() const;
  // The newest state as soon as its number is greater than `number`; null after `timeout`, or when the plant stops.
  [[nodiscard]] StatePtr WaitNewer(uint64_t number, Nanoseconds timeout) const;

  // What an operator may want; `who` names the face for the audit line ("grpc ipv4:127.0.0.1:40022"). Each returns the
  // first state in which a cycle has acted on it. Errors are the arbiter's, and Unavailable when no cycle took it over
  // in time or none runs yet.
  [[nodiscard]] absl::StatusOr<StatePtr> SetChargerEnabled(bool enabled, const std::string& who);
  [[nodiscard]] absl::StatusOr<StatePtr> SetDischargerEnabled(bool enabled, const std::string& who);
  [[nodiscard]] absl::StatusOr<StatePtr> SetTarget(Watts target, std::optional<Nanoseconds> lease,
                                                   const std::string& who);
  [[nodiscard]] absl::StatusOr<StatePtr> SetMode(const ModeRequest& request, const std::string& who);
  [[nodiscard]] absl::StatusOr<StatePtr> ClearFault(const std::string& id, const std::string& device,
                                                    const std::string& who);

 private:
  using Change = std::function<absl::Status(const Snapshot& snapshot, MonotonicTime now)>;

  absl::StatusOr<StatePtr> Apply(const Change& change, const std::string& what, const std::string& who);
  absl::StatusOr<StatePtr> AwaitGeneration(uint32_t generation);
  void RunPublisher();
  void RunDetails();
  void Publish(MonotonicTime now);
  // What of the newest state and the operator's wishes is to be remembered.
  void RememberChanges(const PlantState& state);
  // What is left of write budgets changes all the time: remembered in steps, and exactly at the end.
  [[nodiscard]] std::map<int8_t, PlantMemory::Savings> SavingsToKeep(const Snapshot& snapshot) const;
  void LogEvents();
  void LogTrouble(const std::string& device, const std::string& before, const std::string& after);

  const SiteFacts facts_;
  const DetailsSources sources_;
  const PlantBorder border_;
  Log& log_;
  const RememberPlant remember_;

  std::mutex operator_mutex_;  // taken before state_mutex_
  Arbiter arbiter_;            // guarded by operator_mutex_, as is writing border_.intents, and the next two
  std::optional<WallTime> charging_disabled_since_;
  std::optional<WallTime> discharging_disabled_since_;

  mutable std::mutex state_mutex_;
  mutable std::condition_variable published_;  // a new state, or stopping
  std::condition_variable hurry_;              // wakes the two threads
  StatePtr latest_;
  std::shared_ptr<const PlantDetails> details_;
  std::atomic<bool> ending_{false};
  int hurried_ = 0;  // callers in AwaitGeneration
  bool stopping_ = false;

  // Publisher thread only.
  PlantMemory memory_;
  MonotonicTime last_progress_ = MonotonicTime::min();
  bool stuck_ = false;
  uint64_t events_dropped_ = 0;

  std::thread publisher_;
  std::thread details_thread_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_PLANT_PLANT_H_
