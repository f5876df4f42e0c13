#include "server/main/plant_memory.h"

#include <algorithm>
#include <ctime>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "control/core/names.h"

namespace abcds {
namespace {

std::optional<FaultId> FaultOfName(const std::string& name) {
  for (int i = 0; i < static_cast<int>(FaultId::kCount); ++i) {
    if (name == FaultName(static_cast<FaultId>(i))) return static_cast<FaultId>(i);
  }
  return std::nullopt;
}

// Empty: the plant.
std::string DeviceOf(const Latch& latch, const SiteFacts& facts) {
  return latch.converter < 0 ? "" : facts.converters[static_cast<size_t>(latch.converter)].name;
}

std::string FaultOf(const std::string& fault, const std::string& device) {
  return device.empty() ? fault : absl::StrCat(fault, " of ", device);
}

// "2026-11-22 16:20", by the machine's time zone.
std::string LocalTimeText(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local)};
}

std::string DisabledText(const char* direction, const char* device, WallTime since) {
  return absl::StrCat(direction, " is disabled by an operator since ", LocalTimeText(since), " (`abcdsctl enable ",
                      device, "` allows it again)");
}

}  // namespace

TakenOver MemoryOf(const KeptState& kept, const SiteFacts& facts) {
  TakenOver taken;
  taken.memory.charging_disabled_since = kept.charging_disabled_since;
  taken.memory.discharging_disabled_since = kept.discharging_disabled_since;
  for (size_t i = 0; i < facts.converters.size(); ++i) {
    const auto learned = kept.learned_w.find(facts.converters[i].name);
    if (learned != kept.learned_w.end()) taken.memory.learned_w[static_cast<int8_t>(i)] = learned->second;
    const auto savings = kept.savings.find(facts.converters[i].name);
    if (savings == kept.savings.end()) continue;
    taken.memory.savings[static_cast<int8_t>(i)] = {savings->second.left, savings->second.written};
  }
  for (const auto& [name, device] : kept.latches) {
    const std::optional<FaultId> fault = FaultOfName(name);
    const auto found = std::find_if(facts.converters.begin(), facts.converters.end(),
                                    [&device = device](const DeviceFacts& one) { return one.name == device; });
    if (fault && device.empty()) {
      taken.memory.latches.insert({*fault, -1});
    } else if (fault && found != facts.converters.end()) {
      taken.memory.latches.insert({*fault, static_cast<int8_t>(std::distance(facts.converters.begin(), found))});
    } else {
      taken.dropped.push_back(FaultOf(name, device));
    }
  }
  return taken;
}

std::string TakenOverText(const PlantMemory& memory, const SiteFacts& facts) {
  std::vector<std::string> parts;
  if (memory.charging_disabled_since) {
    parts.push_back(DisabledText("charging", "charger", *memory.charging_disabled_since));
  }
  if (memory.discharging_disabled_since) {
    parts.push_back(DisabledText("discharging", "discharger", *memory.discharging_disabled_since));
  }
  std::vector<std::string> latches;
  for (const Latch& latch : memory.latches) latches.push_back(FaultOf(FaultName(latch.fault), DeviceOf(latch, facts)));
  if (!latches.empty()) {
    parts.push_back(absl::StrCat(absl::StrJoin(latches, ", "), latches.size() == 1 ? " is" : " are",
                                 " latched (look for the cause; `abcdsctl clear-fault` clears)"));
  }
  return parts.empty() ? "" : absl::StrCat("still in force from before this start: ", absl::StrJoin(parts, "; "));
}

void Keep(const PlantMemory& memory, const SiteFacts& facts, KeptState& kept) {
  kept.charging_disabled_since = memory.charging_disabled_since;
  kept.discharging_disabled_since = memory.discharging_disabled_since;
  for (const auto& [converter, watts] : memory.learned_w) {
    kept.learned_w[facts.converters[static_cast<size_t>(converter)].name] = watts;
  }
  for (const auto& [converter, savings] : memory.savings) {
    kept.savings[facts.converters[static_cast<size_t>(converter)].name] = {savings.left, savings.written};
  }
  kept.latches.clear();
  for (const Latch& latch : memory.latches) kept.latches.emplace(FaultName(latch.fault), DeviceOf(latch, facts));
}

}  // namespace abcds
