#include "hal/drivers/shelly/codec.h"

#include "hal/text/json_document.h"
#include "nlohmann/json.hpp"

namespace abcds::shelly {
namespace {

using Json = nlohmann::json;

constexpr std::array<Model, 1> kModels = {{
    {"shelly-3em", "Shelly 3EM", "SHEM-3", "/status", "emeters", "total_power", 3},
}};

constexpr size_t kLongestIdentity = 48;
// 2100-01-01: what a clock may say.
constexpr double kLatestTime = 4'102'444'800.0;

const Json* Find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto member = object.find(key);
  return member == object.end() ? nullptr : &*member;
}

// A member that is nice to have: nothing where it is not a number.
template <class Q>
std::optional<Q> Optional(const Json& object, const char* key) {
  const Json* const member = Find(object, key);
  if (member == nullptr || !member->is_number()) return std::nullopt;
  const NumberResult number = NumberOf(*member, UnitText::kRefuse);
  return number.refusal == Refusal::kNone ? std::optional<Q>(Q(number.value)) : std::nullopt;
}

Refusal ReadPower(const Json& object, const char* key, const DecodeOptions& options, Watts& power) {
  const Json* const member = Find(object, key);
  if (member == nullptr) return Refusal::kMissing;
  const NumberResult number = NumberOf(*member, UnitText::kRefuse);
  if (number.refusal != Refusal::kNone) return number.refusal;
  // Written so that whatever is not a finite number is refused.
  if (!(Magnitude(Watts(number.value)) <= options.plausible)) return Refusal::kImplausible;
  power = Watts(options.invert ? -number.value : number.value);
  return Refusal::kNone;
}

Refusal ReadChannel(const Json& element, const DecodeOptions& options, Channel& channel, double& energy_wh) {
  if (!element.is_object()) return Refusal::kWrongType;
  if (const Json* const valid = Find(element, "is_valid"); valid != nullptr) {
    if (!valid->is_boolean()) return Refusal::kWrongType;
    if (!valid->get<bool>()) return Refusal::kNoValue;
  }
  channel.voltage = Optional<Volts>(element, "voltage");
  channel.current = Optional<Amperes>(element, "current");
  for (const char* counter : {"total", "total_returned"}) {
    if (const Json* const member = Find(element, counter); member != nullptr && member->is_number()) {
      energy_wh += member->get<double>();
    }
  }
  return ReadPower(element, "power", options, channel.power);
}

Refusal ReadStatus(const Json& document, const Model& model, const DecodeOptions& options, Reading& reading) {
  if (!document.is_object()) return Refusal::kWrongType;
  const Json* const list = Find(document, model.list);
  Watts sum(0);
  if (list != nullptr) {
    if (!list->is_array()) return Refusal::kWrongType;
    // The sum over fewer clamps would be a plausible wrong value.
    if (list->size() != model.channels) return Refusal::kMissing;
    reading.has_channels = true;
    for (size_t i = 0; i < model.channels; ++i) {
      const Refusal refusal = ReadChannel((*list)[i], options, reading.channels.at(i), reading.energy_wh);
      if (refusal != Refusal::kNone) return refusal;
      sum = sum + reading.channels.at(i).power;
    }
  }
  const Refusal total = ReadPower(document, model.total, options, reading.power);
  if (total == Refusal::kMissing && list != nullptr) {
    if (!(Magnitude(sum) <= options.plausible)) return Refusal::kImplausible;
    reading.power = sum;
  } else if (total != Refusal::kNone) {
    return total;
  }
  if (const Json* const time = Find(document, "unixtime"); time != nullptr && time->is_number()) {
    const auto seconds = time->get<double>();
    if (seconds > 0 && seconds < kLatestTime) reading.unixtime_s = static_cast<int64_t>(seconds);
  }
  return Refusal::kNone;
}

// Short, and harmless on a terminal and in a log.
std::string Text(const Json& document, const char* key) {
  const Json* const member = Find(document, key);
  if (member == nullptr || !member->is_string()) return "";
  std::string text = member->get<std::string>().substr(0, kLongestIdentity);
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e || c == '"') c = '.';
  }
  return text;
}

}  // namespace

const Model* FindModel(std::string_view name) noexcept {
  for (const Model& model : kModels) {
    if (name == model.name) return &model;
  }
  return nullptr;
}

DecodedReading DecodeStatus(std::string_view body, const Model& model, const DecodeOptions& options) noexcept {
  try {
    Json document;
    DecodedReading decoded;
    decoded.refusal = ParseJsonDocument(body, document);
    if (decoded.refusal == Refusal::kNone) decoded.refusal = ReadStatus(document, model, options, decoded.reading);
    return decoded;
  } catch (...) {  // out of memory is all that is left
    return {.refusal = Refusal::kTooLong, .reading = {}};
  }
}

const char* RefusalTextHere(Refusal refusal) noexcept {
  if (refusal == Refusal::kMissing) return "it lacks what this model says: is it the configured model?";
  if (refusal == Refusal::kWrongType) return "what it says in place of the power is not a number";
  if (refusal == Refusal::kNoValue) {
    return "the device says that it has no valid measurement: check its clamps and voltages";
  }
  return RefusalText(refusal);
}

DecodedIdentity DecodeIdentity(std::string_view body) noexcept {
  try {
    Json document;
    DecodedIdentity decoded;
    decoded.refusal = ParseJsonDocument(body, document);
    if (decoded.refusal != Refusal::kNone) return decoded;
    decoded.identity = {.type = Text(document, "type"), .mac = Text(document, "mac"), .firmware = Text(document, "fw")};
    // Generation 2 has no "type", but "model" and "gen".
    if (decoded.identity.type.empty()) decoded.identity.type = Text(document, "model");
    if (decoded.identity.type.empty()) decoded.refusal = Refusal::kMissing;
    return decoded;
  } catch (...) {
    return {.refusal = Refusal::kTooLong, .identity = {}};
  }
}

}  // namespace abcds::shelly
