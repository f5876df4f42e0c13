// What a smart plug is asked over HTTP, and what it answers.
// Sources: the documentation of Tasmota's commands, and the vendor's public API documentation of Shelly generation 1
// and of generation 2 and later; README.md.
#ifndef ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_CODEC_H_
#define ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_CODEC_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hal/text/refusal.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::switched_charger {

enum class Kind : uint8_t {
  kTasmota,
  kShellyGen1,  // Shelly 1, 1PM, Plug, Plug S, 2.5
  kShellyGen2,  // Plus, Pro, Mini, and generations 3 and 4, which speak the same
};

[[nodiscard]] const char* KindName(Kind kind) noexcept;  // "Shelly generation 1". Static

enum class Question : uint8_t {
  kOff,
  kOn,     // with the automatic off behind it, where the device takes it along
  kState,  // on or off; of a Shelly with a meter also its power
  kPower,  // Tasmota only, which says state and power apart
  kTimer,  // Tasmota only: how long after each "on" the device switches off by itself; it keeps that in its flash
  kCount,
};

struct RequestOptions {
  Kind kind = Kind::kTasmota;
  int relay = 1;  // counted from 1, whatever the device itself counts from
  // Tasmota's login, which stands in the address; a Shelly's is the transport's affair.
  std::string user;
  std::string password;
  // After the last "on" the device switches off by itself; 0: it does not. Whole seconds are used.
  Nanoseconds auto_off{0};
};

// With query, percent-encoded. Holds the password: not for people. Empty where the kind has no such question.
[[nodiscard]] std::string PathOf(const RequestOptions& options, Question question);

struct Reading {
  std::optional<bool> on;
  std::optional<Watts> power;  // magnitude as the plug's meter says it; nothing where it has no meter
  std::optional<Volts> voltage;
  std::optional<Celsius> temperature;
  bool overloaded = false;  // the plug has tripped and refuses to switch on
};

struct [[nodiscard]] Decoded {
  Refusal refusal = Refusal::kEmpty;
  bool login_refused = false;  // Tasmota before 9 says so with status 200
  Reading reading;             // meaningful only when `refusal` is kNone
};

// The answer to `question`, of a reply with status 200. Total: every body gets an answer. kNone only where the body is
// the one that a device of this kind gives about this relay: HTTP 200 alone proves nothing. A Shelly of generation 2
// answers kOff and kOn with the state of before, so that their readings say nothing; kState does.
Decoded Decode(Kind kind, int relay, Question question, std::string_view body) noexcept;

}  // namespace abcds::switched_charger

#endif  // ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_CODEC_H_
