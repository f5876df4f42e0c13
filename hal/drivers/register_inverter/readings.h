// Raw registers of inverters ↔ values, with the plausibility that is the same for all of them. Pure.
#ifndef ABCDS_HAL_DRIVERS_REGISTER_INVERTER_READINGS_H_
#define ABCDS_HAL_DRIVERS_REGISTER_INVERTER_READINGS_H_

#include <cstdint>
#include <optional>

#include "hal/units/quantity.h"

namespace abcds::register_inverter {

// Readings below this count as off: at a setpoint of 0 W inverters of this kind report 1 to 9 W.
inline constexpr Watts kOffBelow{10};

// All registers in tenths. Each writes its result only when the raw value is plausible, and says so. `max_power` bounds
// the power (1.3 times).
[[nodiscard]] bool DecodeAcPower(uint16_t raw, Watts max_power,
                                 Watts& power) noexcept;                    // ours: discharging is negative
[[nodiscard]] bool DecodeDcVoltage(uint16_t raw, Volts& voltage) noexcept;  // 5 to 80 V, or below 1 V: no battery
[[nodiscard]] bool DecodeAcVoltage(uint16_t raw, Volts& voltage) noexcept;  // 0 to 300 V

// `max_power`, derated linearly from all of it at `from` to nothing at `to`. Without a temperature: all of it.
[[nodiscard]] Watts Derated(Watts max_power, Celsius from, Celsius to, std::optional<Celsius> temperature) noexcept;

// The magnitude that is wanted of an inverter, which cannot charge: 0 for charging and NaN, at most `max_discharge`.
[[nodiscard]] Watts WantedDischarge(Watts power, Watts max_discharge) noexcept;

}  // namespace abcds::register_inverter

#endif  // ABCDS_HAL_DRIVERS_REGISTER_INVERTER_READINGS_H_
