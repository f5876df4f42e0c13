#include "hal/drivers/switched_charger/identity.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "hal/text/json_document.h"
#include "hal/text/refusal.h"
#include "nlohmann/json.hpp"

namespace abcds::switched_charger {
namespace {

using Json = nlohmann::json;

constexpr size_t kLongestWord = 40;
constexpr uint64_t kMost = 16;  // more relays, or generations, than there are

// Nothing where it is missing, or `object` is none.
const Json* Find(const Json* object, const char* key) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto member = object->find(key);
  return member == object->end() ? nullptr : &*member;
}

// Text of a foreign device, cut to what is fit to print.
std::string Word(const Json* member) {
  std::string word;
  if (member == nullptr || !member->is_string()) return word;
  for (const char c : member->get_ref<const std::string&>()) {
    if (c >= ' ' && c <= '~' && word.size() < kLongestWord) word += c;
  }
  return word;
}

bool IsTrue(const Json* member) { return member != nullptr && member->is_boolean() && member->get<bool>(); }

int Count(const Json* member) {
  if (member == nullptr || !member->is_number_unsigned()) return 0;
  const auto count = member->get<uint64_t>();
  return count <= kMost ? static_cast<int>(count) : 0;
}

// Runs `read` over an object; false for what is none.
template <class Read>
bool WithObject(std::string_view body, Read read) noexcept {
  try {
    Json document;
    return ParseJsonDocument(body, document) == Refusal::kNone && document.is_object() && read(&document);
  } catch (...) {  // out of memory is all that is left
    return false;
  }
}

}  // namespace

std::optional<PlugIdentity> IdentifyShelly(std::string_view body) noexcept {
  PlugIdentity identity;
  const bool known = WithObject(body, [&identity](const Json* document) {
    if (Find(document, "gen") != nullptr) {
      identity.kind = Kind::kShellyGen2;
      identity.model = Word(Find(document, "model"));
      identity.firmware = Word(Find(document, "ver"));
      identity.locked = IsTrue(Find(document, "auth_en"));
      return Count(Find(document, "gen")) >= 2;
    }
    identity.kind = Kind::kShellyGen1;
    identity.model = Word(Find(document, "type"));
    identity.firmware = Word(Find(document, "fw"));
    identity.locked = IsTrue(Find(document, "auth"));
    identity.relays = Count(Find(document, "num_outputs"));
    identity.metered = Count(Find(document, "num_meters")) > 0;
    return !identity.model.empty() && Find(document, "auth") != nullptr;
  });
  return known ? std::optional<PlugIdentity>(identity) : std::nullopt;
}

std::string TasmotaStatusPath(const std::string& user, const std::string& password) {
  const RequestOptions login{.kind = Kind::kTasmota, .relay = 1, .user = user, .password = password};
  // The same address as for its meter, with another command behind it.
  const std::string meter = PathOf(login, Question::kPower);
  return absl::StrCat(meter.substr(0, meter.rfind('=') + 1), "Status%200");
}

std::optional<PlugIdentity> IdentifyTasmota(std::string_view body) noexcept {
  PlugIdentity identity;
  const bool known = WithObject(body, [&identity](const Json* document) {
    if (Find(document, "WARNING") != nullptr) {
      identity.locked = true;
      return true;
    }
    identity.firmware = Word(Find(Find(document, "StatusFWR"), "Version"));
    identity.model = Word(Find(Find(document, "Status"), "DeviceName"));
    if (const Json* const state = Find(document, "StatusSTS"); state != nullptr && state->is_object()) {
      for (auto member = state->begin(); member != state->end(); ++member) {
        if (absl::StartsWith(member.key(), "POWER") && member->is_string()) ++identity.relays;
      }
    }
    identity.metered = Find(Find(document, "StatusSNS"), "ENERGY") != nullptr;
    return Find(document, "Status") != nullptr && Find(document, "StatusFWR") != nullptr;
  });
  return known ? std::optional<PlugIdentity>(identity) : std::nullopt;
}

bool AddGen2Relays(std::string_view body, PlugIdentity& identity) noexcept {
  return WithObject(body, [&identity](const Json* document) {
    for (auto member = document->begin(); member != document->end(); ++member) {
      if (!absl::StartsWith(member.key(), "switch:") || !member->is_object()) continue;
      ++identity.relays;
      identity.metered |= Find(&*member, "apower") != nullptr;
    }
    return Find(document, "sys") != nullptr;
  });
}

}  // namespace abcds::switched_charger
