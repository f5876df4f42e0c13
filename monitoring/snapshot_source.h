// What monitoring may know of the daemon: a copy of what the control cycle has published, and names.
#ifndef ABCDS_MONITORING_SNAPSHOT_SOURCE_H_
#define ABCDS_MONITORING_SNAPSHOT_SOURCE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/runtime/snapshot.h"

namespace abcds {

struct MonitoredDevice {
  std::string name;                          // as configured: bounded by the configuration, so fit for a label
  std::string device_type;                   // "lumentree", …
  std::map<std::string, uint64_t> counters;  // the driver's own: "timeouts", …
  bool troubled = false;                     // it has something to say to people
  std::optional<Nanoseconds> thread_age{};   // of a converter: since the thread that speaks to it last went on
};

struct Observation {
  bool started = false;  // false: no control cycle has run yet, and `snapshot` means nothing
  Snapshot snapshot;
  MonitoredDevice meter;
  bool has_battery_monitor = false;
  MonitoredDevice battery;
  std::vector<MonitoredDevice> converters;  // in the order of the snapshot's
};

// Implemented by server/main on top of the plant. Any thread.
class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;
  [[nodiscard]] virtual Observation Observe() const = 0;
};

}  // namespace abcds

#endif  // ABCDS_MONITORING_SNAPSHOT_SOURCE_H_
