#include "hal/drivers/switched_charger/codec.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "hal/text/json_document.h"
#include "nlohmann/json.hpp"

namespace abcds::switched_charger {
namespace {

using Json = nlohmann::json;

// No plug carries more than 16 A; a meter that says so is not read.
constexpr double kMostPowerW = 10'000;

std::string PercentEncoded(const std::string& text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~') {
      encoded.push_back(c);
    } else {
      encoded.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return encoded;
}

int64_t Seconds(Nanoseconds time) { return std::chrono::ceil<std::chrono::seconds>(time).count(); }

// The setting's values up to 111 are tenths of a second, from 112 on seconds + 100.
int64_t PulseTime(Nanoseconds time) {
  constexpr int64_t kTenths = 111;
  const int64_t seconds = Seconds(time);
  return 10 * seconds <= kTenths ? 10 * seconds : 100 + seconds;
}

// "Power" is the first relay whatever the device calls it.
std::string Numbered(const char* command, int relay) { return relay == 1 ? command : absl::StrCat(command, relay); }

std::string TasmotaPath(const RequestOptions& options, Question question) {
  const std::string power = Numbered("Power", options.relay);
  std::string command;
  switch (question) {
    case Question::kOff:
      command = power + "%20Off";
      break;
    case Question::kOn:
      command = power + "%20On";
      break;
    case Question::kState:
      command = power;
      break;
    case Question::kPower:
      command = "Status%2010";
      break;
    case Question::kTimer:
      if (Seconds(options.auto_off) <= 0) return "";  // its setting stays as it is
      command = absl::StrCat("PulseTime", options.relay, "%20", PulseTime(options.auto_off));
      break;
    case Question::kCount:
      return "";
  }
  std::string login;
  if (!options.password.empty()) {
    const std::string user = options.user.empty() ? "admin" : options.user;
    login = absl::StrCat("user=", PercentEncoded(user), "&password=", PercentEncoded(options.password), "&");
  }
  return absl::StrCat("/cm?", login, "cmnd=", command);
}

std::string Gen1Path(const RequestOptions& options, Question question) {
  const std::string relay = absl::StrCat("/relay/", options.relay - 1);
  if (question == Question::kState) return "/status";
  if (question == Question::kOff) return relay + "?turn=off";
  if (question != Question::kOn) return "";
  const int64_t timer_s = Seconds(options.auto_off);
  return absl::StrCat(relay, "?turn=on", timer_s > 0 ? absl::StrCat("&timer=", timer_s) : "");
}

std::string Gen2Path(const RequestOptions& options, Question question) {
  const int id = options.relay - 1;
  if (question == Question::kState) return absl::StrCat("/rpc/Switch.GetStatus?id=", id);
  const std::string set = absl::StrCat("/rpc/Switch.Set?id=", id, "&on=");
  if (question == Question::kOff) return set + "false";
  if (question != Question::kOn) return "";
  const int64_t timer_s = Seconds(options.auto_off);
  return absl::StrCat(set, "true", timer_s > 0 ? absl::StrCat("&toggle_after=", timer_s) : "");
}

const Json* Find(const Json& object, const std::string& key) {
  if (!object.is_object()) return nullptr;
  const auto member = object.find(key);
  return member == object.end() ? nullptr : &*member;
}

// One of a list, by its number from 0.
const Json* Element(const Json* list, int index) {
  if (list == nullptr || !list->is_array() || index < 0 || static_cast<size_t>(index) >= list->size()) return nullptr;
  return &(*list)[static_cast<size_t>(index)];
}

// A member that is nice to have: nothing where it is not a plausible number.
std::optional<double> Number(const Json* member, double most) {
  if (member == nullptr || !member->is_number()) return std::nullopt;
  const auto value = member->get<double>();
  if (!(std::abs(value) <= most)) return std::nullopt;
  return value;
}

template <class Q>
std::optional<Q> Quantity(const Json* member, double most) {
  const std::optional<double> value = Number(member, most);
  return value ? std::optional<Q>(Q(*value)) : std::nullopt;
}

// Meters of plugs count either direction; what flows is drawn.
std::optional<Watts> Power(const Json* member) {
  const std::optional<double> value = Number(member, kMostPowerW);
  return value ? std::optional<Watts>(Watts(std::abs(*value))) : std::nullopt;
}

Refusal Flag(const Json* member, std::optional<bool>& flag) {
  if (member == nullptr) return Refusal::kMissing;
  if (!member->is_boolean()) return Refusal::kWrongType;
  flag = member->get<bool>();
  return Refusal::kNone;
}

Refusal TasmotaState(const Json& document, int relay, Reading& reading) {
  const Json* member = Find(document, absl::StrCat("POWER", relay));
  // A device with one relay leaves the number out. One that has fewer relays than asked for switches its first: then
  // the answer lacks our number, and is refused here.
  if (member == nullptr && relay == 1) member = Find(document, "POWER");
  if (member == nullptr) return Refusal::kMissing;
  if (!member->is_string()) return Refusal::kWrongType;
  const std::string text = absl::AsciiStrToUpper(member->get<std::string>());
  if (text != "ON" && text != "OFF") return Refusal::kNotANumber;
  reading.on = text == "ON";
  return Refusal::kNone;
}

Refusal TasmotaPower(const Json& document, int relay, Reading& reading) {
  const Json* const sensors = Find(document, "StatusSNS");
  if (sensors == nullptr) return Refusal::kMissing;
  const Json* const energy = Find(*sensors, "ENERGY");
  if (energy == nullptr) return Refusal::kNone;  // a plug without a meter
  const Json* power = Find(*energy, "Power");
  if (power != nullptr && power->is_array()) power = Element(power, relay - 1);
  reading.power = Power(power);
  reading.voltage = Quantity<Volts>(Find(*energy, "Voltage"), 1000);
  return Refusal::kNone;
}

Refusal ReadTasmota(const Json& document, int relay, Question question, Decoded& decoded) {
  // Its text is translated; the name of the member is not.
  if (Find(document, "WARNING") != nullptr) {
    decoded.login_refused = true;
    return Refusal::kMissing;
  }
  if (question == Question::kPower) return TasmotaPower(document, relay, decoded.reading);
  if (question == Question::kTimer) {
    return Find(document, absl::StrCat("PulseTime", relay)) != nullptr ? Refusal::kNone : Refusal::kMissing;
  }
  return TasmotaState(document, relay, decoded.reading);
}

Refusal ReadGen1(const Json& document, int relay, Question question, Reading& reading) {
  if (question != Question::kState) {
    if (const Json* const overpower = Find(document, "overpower"); overpower != nullptr && overpower->is_boolean()) {
      reading.overloaded = overpower->get<bool>();
    }
    return Flag(Find(document, "ison"), reading.on);
  }
  const Json* const state = Element(Find(document, "relays"), relay - 1);
  if (state == nullptr) return Refusal::kMissing;
  if (const Json* const overpower = Find(*state, "overpower"); overpower != nullptr && overpower->is_boolean()) {
    reading.overloaded = overpower->get<bool>();
  }
  if (const Json* const meter = Element(Find(document, "meters"), relay - 1); meter != nullptr) {
    const Json* const valid = Find(*meter, "is_valid");
    if (valid == nullptr || (valid->is_boolean() && valid->get<bool>())) reading.power = Power(Find(*meter, "power"));
  }
  reading.voltage = Quantity<Volts>(Find(document, "voltage"), 1000);
  reading.temperature = Quantity<Celsius>(Find(document, "temperature"), 300);
  return Flag(Find(*state, "ison"), reading.on);
}

Refusal ReadGen2(const Json& document, Question question, Reading& reading) {
  if (question != Question::kState) {
    std::optional<bool> before;
    return Flag(Find(document, "was_on"), before);
  }
  reading.power = Power(Find(document, "apower"));
  reading.voltage = Quantity<Volts>(Find(document, "voltage"), 1000);
  if (const Json* const temperature = Find(document, "temperature"); temperature != nullptr) {
    reading.temperature = Quantity<Celsius>(Find(*temperature, "tC"), 300);
  }
  if (const Json* const errors = Find(document, "errors"); errors != nullptr && errors->is_array()) {
    reading.overloaded = !errors->empty();
  }
  return Flag(Find(document, "output"), reading.on);
}

}  // namespace

const char* KindName(Kind kind) noexcept {
  switch (kind) {
    case Kind::kTasmota:
      return "Tasmota";
    case Kind::kShellyGen1:
      return "Shelly generation 1";
    case Kind::kShellyGen2:
      break;
  }
  return "Shelly generation 2 or later";
}

std::string PathOf(const RequestOptions& options, Question question) {
  if (options.kind == Kind::kTasmota) return TasmotaPath(options, question);
  if (options.kind == Kind::kShellyGen1) return Gen1Path(options, question);
  return Gen2Path(options, question);
}

Decoded Decode(Kind kind, int relay, Question question, std::string_view body) noexcept {
  try {
    Json document;
    Decoded decoded;
    decoded.refusal = ParseJsonDocument(body, document);
    if (decoded.refusal != Refusal::kNone) return decoded;
    if (!document.is_object()) {
      decoded.refusal = Refusal::kWrongType;
    } else if (kind == Kind::kTasmota) {
      decoded.refusal = ReadTasmota(document, relay, question, decoded);
    } else if (kind == Kind::kShellyGen1) {
      decoded.refusal = ReadGen1(document, relay, question, decoded.reading);
    } else {
      decoded.refusal = ReadGen2(document, question, decoded.reading);
    }
    return decoded;
  } catch (...) {  // out of memory is all that is left
    return {.refusal = Refusal::kTooLong, .login_refused = false, .reading = {}};
  }
}

}  // namespace abcds::switched_charger
