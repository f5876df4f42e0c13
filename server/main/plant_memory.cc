#include "server/main/plant_memory.h"

#include <algorithm>
#include <optional>
#include <string>

#include "control/core/names.h"

namespace abcds {
namespace {

std::optional<FaultId> FaultOfName(const std::string& name) {
  for (int i = 0; i < static_cast<int>(FaultId::kCount); ++i) {
    if (name == FaultName(static_cast<FaultId>(i))) return static_cast<FaultId>(i);
  }
  return std::nullopt;
}

}  // namespace

PlantMemory MemoryOf(const KeptState& kept, const SiteFacts& facts, const std::string& configuration) {
  PlantMemory memory;
  for (size_t i = 0; i < facts.converters.size(); ++i) {
    const auto learned = kept.learned_w.find(facts.converters[i].name);
    if (learned != kept.learned_w.end()) memory.learned_w[static_cast<int8_t>(i)] = learned->second;
  }
  if (kept.configuration != configuration) return memory;
  memory.charging_disabled = kept.charging_disabled;
  memory.discharging_disabled = kept.discharging_disabled;
  for (const auto& [name, device] : kept.latches) {
    const std::optional<FaultId> fault = FaultOfName(name);
    if (!fault) continue;
    if (device.empty()) {
      memory.latches.insert({*fault, -1});
      continue;
    }
    const auto found = std::find_if(facts.converters.begin(), facts.converters.end(),
                                    [&device](const DeviceFacts& one) { return one.name == device; });
    if (found == facts.converters.end()) continue;
    memory.latches.insert({*fault, static_cast<int8_t>(found - facts.converters.begin())});
  }
  return memory;
}

void Keep(const PlantMemory& memory, const SiteFacts& facts, const std::string& configuration, KeptState& kept) {
  kept.configuration = configuration;
  kept.charging_disabled = memory.charging_disabled;
  kept.discharging_disabled = memory.discharging_disabled;
  for (const auto& [converter, watts] : memory.learned_w) {
    kept.learned_w[facts.converters[static_cast<size_t>(converter)].name] = watts;
  }
  kept.latches.clear();
  for (const Latch& latch : memory.latches) {
    const bool plant = latch.converter < 0;
    kept.latches.emplace(FaultName(latch.fault),
                         plant ? "" : facts.converters[static_cast<size_t>(latch.converter)].name);
  }
}

}  // namespace abcds
