// How to reach the plug, and what hangs on it.
#ifndef ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_OPTIONS_H_
#define ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_OPTIONS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/drivers/switched_charger/codec.h"
#include "hal/drivers/switched_charger/session.h"
#include "hal/transport/http_transfer.h"
#include "hal/transport/owned_fd.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

struct SwitchedChargerOptions {
  switched_charger::Kind kind = switched_charger::Kind::kTasmota;
  HttpOptions server;                                // host, port, user, password; the rest is set for the kind
  int relay = 1;                                     // counted from 1
  Watts power;                                       // of the charger while it is on, AC; 0: not known, learned
  bool learn_power = false;                          // by control, where the plug has no meter
  Nanoseconds auto_off = std::chrono::seconds(120);  // the plug's own; 0: none
  Nanoseconds answers_within = std::chrono::seconds(2);  // older plugs take as long
  Nanoseconds interval = std::chrono::seconds(2);
  Nanoseconds shortest_rest = std::chrono::seconds(10);
  Nanoseconds starts_within = std::chrono::seconds(4);
};

namespace switched_charger {

// InvalidArgument with the field's name first.
[[nodiscard]] absl::Status CheckOptions(const SwitchedChargerOptions& options);

// One relay of one plug, however its host is written: "plug.lan:80, relay 1". Two names of one host stay two.
[[nodiscard]] std::string PlaceOf(const std::string& host, int port, int relay);
// Alone among all processes of this machine until the result is closed. FailedPrecondition with a sentence that names the
// other one.
[[nodiscard]] absl::StatusOr<OwnedFd> ClaimPlug(const SwitchedChargerOptions& options);

// What the transport and the session are made with.
[[nodiscard]] HttpOptions ServerOf(const SwitchedChargerOptions& options);
[[nodiscard]] SessionOptions SessionOf(const SwitchedChargerOptions& options);

}  // namespace switched_charger

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_OPTIONS_H_
