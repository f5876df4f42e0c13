// What a smart plug says it is, before anybody knows which kind it is.
#ifndef ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_IDENTITY_H_
#define ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_IDENTITY_H_

#include <optional>
#include <string>
#include <string_view>

#include "hal/drivers/switched_charger/codec.h"

namespace abcds::switched_charger {

struct PlugIdentity {
  Kind kind = Kind::kTasmota;
  std::string model;
  std::string firmware;
  bool locked = false;  // has a login set
  int relays = 0;       // 0: does not tell without the login
  bool metered = false;
};

// Both total. Nothing where the body is none that such a device gives.
// A Shelly's answer to kShellyPath, which needs no login; those of generation 2 do not tell their relays there.
inline constexpr char kShellyPath[] = "/shelly";
[[nodiscard]] std::optional<PlugIdentity> IdentifyShelly(std::string_view body) noexcept;
// A Tasmota's answer to `Status 0`.
[[nodiscard]] std::string TasmotaStatusPath(const std::string& user, const std::string& password);
[[nodiscard]] std::optional<PlugIdentity> IdentifyTasmota(std::string_view body) noexcept;

// Of generation 2: the answer to kGen2StatusPath adds what is missing; false where it is none.
inline constexpr char kGen2StatusPath[] = "/rpc/Shelly.GetStatus";
[[nodiscard]] bool AddGen2Relays(std::string_view body, PlugIdentity& identity) noexcept;

}  // namespace abcds::switched_charger

#endif  // ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_IDENTITY_H_
