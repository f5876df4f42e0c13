// What of the plant outlives the process, as values and as text.
#ifndef ABCDS_SERVER_STATE_KEPT_STATE_H_
#define ABCDS_SERVER_STATE_KEPT_STATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "hal/units/time.h"

namespace abcds {

// What a device's memory has gone through; see hal/api/write_ledger.h.
struct DeviceMemory {
  uint64_t writes = 0;
  std::set<std::string> facts;

  bool operator==(const DeviceMemory&) const = default;
};

struct KeptState {
  std::map<std::string, DeviceMemory> devices;  // by what the device says of itself
  // What converters were found to draw while they are on, by their names in the configuration; whole watts, AC.
  std::map<std::string, int> learned_w;
  // What was left of converters' write budgets, likewise: writes, and the device's own count at that moment.
  struct Savings {
    int left = 0;
    uint64_t written = 0;

    bool operator==(const Savings&) const = default;
  };
  std::map<std::string, Savings> savings;
  // Since when an operator has the direction switched off; to the second.
  std::optional<WallTime> charging_disabled_since;
  std::optional<WallTime> discharging_disabled_since;
  // Latched faults: name of the fault, and of the converter it concerns (empty: the plant).
  std::set<std::pair<std::string, std::string>> latches;

  bool operator==(const KeptState&) const = default;
};

// JSON with a checksum over its content, so that half a file or a changed digit is not taken for the truth.
[[nodiscard]] std::string PrintKeptState(const KeptState& state);
// InvalidArgument with one sentence for anything else than what PrintKeptState makes.
[[nodiscard]] absl::StatusOr<KeptState> ParseKeptState(const std::string& text);

}  // namespace abcds

#endif  // ABCDS_SERVER_STATE_KEPT_STATE_H_
