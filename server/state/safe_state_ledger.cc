#include "server/state/safe_state_ledger.h"

#include "absl/status/statusor.h"

namespace abcds {

KeptState SafeStateLedger::State() const {
  absl::StatusOr<KeptState> state = file_.Read();
  return state.ok() ? *std::move(state) : KeptState{};
}

uint64_t SafeStateLedger::Writes(const std::string& device) const {
  const auto added = added_.find(device);
  return State().devices[device].writes + (added == added_.end() ? 0 : added->second.writes);
}

void SafeStateLedger::AddWrites(const std::string& device, uint64_t count) { added_[device].writes += count; }

bool SafeStateLedger::Knows(const std::string& device, const std::string& fact) const {
  const auto added = added_.find(device);
  return (added != added_.end() && added->second.facts.count(fact) != 0) ||
         State().devices[device].facts.count(fact) != 0;
}

void SafeStateLedger::Remember(const std::string& device, const std::string& fact) {
  added_[device].facts.insert(fact);
}

absl::Status SafeStateLedger::Flush() {
  if (added_.empty()) return absl::OkStatus();
  const absl::Status status = file_.Update([this](KeptState& state) {
    for (const auto& [device, memory] : added_) {
      state.devices[device].writes += memory.writes;
      state.devices[device].facts.insert(memory.facts.begin(), memory.facts.end());
    }
  });
  if (status.ok()) added_.clear();
  return status;
}

}  // namespace abcds
