// A site and a control cycle for tests of the ordinary side: publishes whatever the test wants, and answers intents as
// the real cycle does.
#ifndef ABCDS_SERVER_PLANT_FAKE_CYCLE_H_
#define ABCDS_SERVER_PLANT_FAKE_CYCLE_H_

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "control/runtime/cycle.h"
#include "control/runtime/snapshot.h"
#include "hal/rt/mailbox.h"
#include "server/plant/facts.h"
#include "server/plant/plant.h"

namespace abcds {

// A meter "grid" (mqtt), a BMS "bms" (house), "charger" (house-charger, 50 to 900 W) and "inverter" (lumentree, 25 to
// 600 W) with 8 cells of 100 Ah.
[[nodiscard]] SiteFacts FakeSite();

// The same site at rest at `now`: meter 412 W, battery 26.4 V, 53 %, inverter at 390 W regulating.
[[nodiscard]] Snapshot FakeSnapshot(MonotonicTime now);

// The slot of a fault as the core numbers them does not matter to readers: puts it into the next free one.
void AddFault(Snapshot& snapshot, FaultId id, int8_t converter, bool active, bool latched);

// Runs cycles as fast as it can until destroyed: takes the intent, lets the test's function change the snapshot,
// publishes. `react` runs on the cycle's thread.
class FakeCycle {
 public:
  using React = std::function<void(Snapshot&)>;

  explicit FakeCycle(React react = [](Snapshot&) {});
  ~FakeCycle();
  FakeCycle(const FakeCycle&) = delete;
  FakeCycle& operator=(const FakeCycle&) = delete;

  void Start();
  // From its return on the snapshot stands still and no intent is taken, as if the control thread hung.
  void Freeze();
  void Thaw() { frozen_ = false; }
  // Pushed by the cycle's thread.
  void Push(const Event& event);

  [[nodiscard]] PlantBorder border() { return {snapshots_, events_, intents_}; }

 private:
  void Run();

  const React react_;
  Mailbox<Snapshot> snapshots_;
  CycleEvents events_;
  Mailbox<Intent> intents_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> frozen_{false};
  std::atomic<bool> stands_{false};  // the cycle that was under way has ended
  std::mutex mutex_;
  std::vector<Event> pending_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_PLANT_FAKE_CYCLE_H_
