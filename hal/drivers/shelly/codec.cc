#include "hal/drivers/shelly/codec.h"

#include "absl/strings/str_cat.h"
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

// A plug's /meter/N looks alike, and knows neither voltage nor direction.
Refusal ReadClamp(const Json& document, const DecodeOptions& options, Reading& reading) {
  if (Find(document, "power") == nullptr || Find(document, "voltage") == nullptr) return Refusal::kMissing;
  reading.has_channels = true;
  Channel& channel = reading.channels.front();
  const Refusal refusal = ReadChannel(document, options, channel, reading.energy_wh);
  reading.power = channel.power;
  return refusal;
}

Refusal ReadStatus(const Json& document, const Model& model, const DecodeOptions& options, DecodedReading& decoded) {
  Reading& reading = decoded.reading;
  if (!document.is_object()) return Refusal::kWrongType;
  const Json* const list = Find(document, model.list);
  Watts sum(0);
  if (list != nullptr) {
    if (!list->is_array()) return Refusal::kWrongType;
    // The sum over fewer clamps would be a plausible wrong value.
    if (list->size() != model.channels) return Refusal::kMissing;
    reading.has_channels = true;
    for (size_t i = 0; i < model.channels; ++i) {
      decoded.clamp = i + 1;
      const Refusal refusal = ReadChannel((*list)[i], options, reading.channels.at(i), reading.energy_wh);
      if (refusal != Refusal::kNone) return refusal;
      sum = sum + reading.channels.at(i).power;
    }
    decoded.clamp = 0;
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
    if (decoded.refusal == Refusal::kNone) decoded.refusal = ReadStatus(document, model, options, decoded);
    return decoded;
  } catch (...) {  // out of memory is all that is left
    return {.refusal = Refusal::kTooLong, .clamp = 0, .reading = {}};
  }
}

DecodedReading DecodeClamp(std::string_view body, const DecodeOptions& options) noexcept {
  try {
    Json document;
    DecodedReading decoded;
    decoded.refusal = ParseJsonDocument(body, document);
    if (decoded.refusal == Refusal::kNone) decoded.refusal = ReadClamp(document, options, decoded.reading);
    return decoded;
  } catch (...) {  // out of memory is all that is left
    return {.refusal = Refusal::kTooLong, .clamp = 0, .reading = {}};
  }
}

std::string RefusalTextHere(Refusal refusal, size_t clamp) {
  const std::string who = clamp == 0 ? "" : absl::StrCat("clamp ", clamp, ": ");
  if (refusal == Refusal::kMissing && clamp != 0) return absl::StrCat(who, "it says no power");
  if (refusal == Refusal::kMissing) return "it lacks what this model says: is it the configured model?";
  if (refusal == Refusal::kWrongType) return absl::StrCat(who, "its power is no number, or its validity no true or false");
  if (refusal == Refusal::kNoValue) {
    return absl::StrCat(who, "the device says that it has no valid measurement: check its clamps and voltages");
  }
  return absl::StrCat(who, RefusalText(refusal));
}

std::string OtherDocument(std::string_view body, const Model& model) noexcept {
  try {
    Json document;
    if (body.starts_with("HTTP/"))
      return "the body was refused: it begins with the reply's headers; give the body alone";
    if (ParseJsonDocument(body, document) != Refusal::kNone || !document.is_object()) return "";
    const auto has = [&document](const char* key) { return document.contains(key); };
    if (has("code") && has("message")) return "this is an error of a Shelly's RPC, not a measurement";
    for (const char* gen2 : {"total_act_power", "act_power", "apower", "em:0", "em1:0", "switch:0", "pm1:0", "gen"}) {
      if (has(gen2)) {
        return absl::StrCat("this is of a Shelly of generation 2 or later (\"", gen2, "\"), and ", model.name,
                            " is generation 1");
      }
    }
    const std::string wanted = absl::StrCat("; ", model.name, " reads the body of ", model.status_path);
    if (has("type") && has("mac")) return absl::StrCat("this is the body of /shelly", wanted);
    if (has("device")) return absl::StrCat("this is the body of /settings", wanted);
    if (has("meters") || has("counters")) return "this is of a Shelly 1PM or Plug, which know no direction";
    const Json* const list = Find(document, model.list);
    if (list == nullptr || !list->is_array() || list->size() == model.channels) return "";
    return absl::StrCat("it has ", list->size(), " \"", model.list, "\", and the ", model.product, " has ",
                        model.channels, list->size() == 2 ? ": this is of a Shelly EM" : "");
  } catch (...) {  // out of memory
    return "";
  }
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
