#include "server/state/kept_state.h"

#include <chrono>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace abcds {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;

// CRC-32 (IEEE 802.3, reflected): finds what a failing card or an editor leaves behind.
std::string Checksum(const std::string& text) {
  uint32_t crc = 0xFFFFFFFFU;
  for (const char c : text) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return absl::StrFormat("%08x", ~crc);
}

// Seconds of the Unix clock; missing: the direction is not disabled.
constexpr char kChargingDisabled[] = "charging_disabled_since";
constexpr char kDischargingDisabled[] = "discharging_disabled_since";

void PutTime(const std::optional<WallTime>& time, const char* key, Json& object) {
  if (!time) return;
  object[key] = std::chrono::floor<std::chrono::seconds>(time->time_since_epoch()).count();
}

// `word`: what an earlier build kept, without a time.
std::optional<WallTime> TimeAt(const Json& object, const char* key, const char* word) {
  if (object.contains(key)) return WallTime(std::chrono::seconds(object.at(key).get<int64_t>()));
  if (object.contains(word) && object.at(word).get<bool>()) return WallTime();
  return std::nullopt;
}

Json ContentOf(const KeptState& state) {
  Json content = {{"devices", Json::object()},
                  {"learned_w", state.learned_w},
                  {"write_savings", Json::object()},
                  {"operator", Json::object()},
                  {"latches", Json::array()}};
  for (const auto& [device, memory] : state.devices) {
    content["devices"][device] = {{"writes", memory.writes}, {"facts", memory.facts}};
  }
  for (const auto& [converter, savings] : state.savings) {
    content["write_savings"][converter] = {{"left", savings.left}, {"written", savings.written}};
  }
  PutTime(state.charging_disabled_since, kChargingDisabled, content["operator"]);
  PutTime(state.discharging_disabled_since, kDischargingDisabled, content["operator"]);
  for (const auto& [fault, device] : state.latches) content["latches"].push_back({{"fault", fault}, {"device", device}});
  return content;
}

// Throws nlohmann's exceptions where something is missing or of another kind.
KeptState StateOf(const Json& content) {
  KeptState state;
  for (const auto& [device, memory] : content.at("devices").items()) {
    state.devices[device] = {memory.at("writes").get<uint64_t>(), memory.at("facts").get<std::set<std::string>>()};
  }
  if (content.contains("learned_w")) state.learned_w = content.at("learned_w").get<std::map<std::string, int>>();
  if (content.contains("write_savings")) {
    for (const auto& [converter, savings] : content.at("write_savings").items()) {
      state.savings[converter] = {savings.at("left").get<int>(), savings.at("written").get<uint64_t>()};
    }
  }
  state.charging_disabled_since = TimeAt(content.at("operator"), kChargingDisabled, "charging_disabled");
  state.discharging_disabled_since =
      TimeAt(content.at("operator"), kDischargingDisabled, "discharging_disabled");
  for (const Json& latch : content.at("latches")) {
    state.latches.emplace(latch.at("fault").get<std::string>(), latch.at("device").get<std::string>());
  }
  return state;
}

}  // namespace

std::string PrintKeptState(const KeptState& state) {
  const Json content = ContentOf(state);
  const Json file = {{"version", kVersion}, {"checksum", Checksum(content.dump())}, {"content", content}};
  return file.dump(2) + "\n";
}

absl::StatusOr<KeptState> ParseKeptState(const std::string& text) {
  // nlohmann's interface throws; nothing of that leaves this function.
  try {
    const Json file = Json::parse(text);
    if (const int version = file.at("version").get<int>(); version != kVersion) {
      return absl::InvalidArgumentError(
          absl::StrFormat("it has version %d, this program knows version %d", version, kVersion));
    }
    const Json& content = file.at("content");
    if (Checksum(content.dump()) != file.at("checksum").get<std::string>()) {
      return absl::InvalidArgumentError("its checksum does not fit its content");
    }
    return StateOf(content);
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrFormat("it is no state of this program: %s", error.what()));
  }
}

}  // namespace abcds
