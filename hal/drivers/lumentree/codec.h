// Lumentree / SUN inverters over RS232: Modbus registers ↔ values. No I/O, no state, no time.
//
// Source: registers, scalings and model limits as the Python system MacGH23/BatteryScript_ABCDs uses them in the field;
// functions 3 and 16 confirmed by the independent py-lumentree. The vendor's own document numbers the registers
// differently. What is assumed is marked so.
#ifndef ABCDS_HAL_DRIVERS_LUMENTREE_CODEC_H_
#define ABCDS_HAL_DRIVERS_LUMENTREE_CODEC_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "hal/drivers/register_inverter/readings.h"
#include "hal/units/quantity.h"

namespace abcds::lumentree {

enum class Model : uint8_t { k600, k1000, k2000 };

// What differs between the models, and what is believed of all.
struct Traits {
  const char* name;
  Watts max_power;
  // The least the inverter can be told (field reports: 600 ≈ 27 W, 1000 20 to 30 W, 2000 70 to 80 W).
  Watts min_power;
  // Power is derated from the first temperature to nothing at the second. Assumed: the inverter protects itself, at
  // unpublished temperatures; ours keep it from getting there.
  Celsius derate_from{75};
  Celsius derate_to{90};
};
[[nodiscard]] const Traits& TraitsOf(Model model) noexcept;

// max_power, derated. Without a temperature: all of it.
[[nodiscard]] Watts AvailablePower(const Traits& traits, std::optional<Celsius> temperature) noexcept;

// Addresses as on the wire, zero-based.
enum class Register : uint16_t {
  kSetpoint = 40,     // write only, 1 W
  kAcVoltage = 70,    // 0.1 V
  kTemperature = 94,  // 0.1 °C
  kAcPower = 107,     // 0.1 W
  kDcVoltage = 109,   // 0.1 V
};

// The setpoint register for a wanted AC power (+ charges): saturated to [-max_discharge, 0], rounded to 1 W. The
// inverter cannot charge.
[[nodiscard]] uint16_t EncodeSetpoint(Watts power, Watts max_discharge) noexcept;

using register_inverter::DecodeAcPower;
using register_inverter::DecodeAcVoltage;
using register_inverter::DecodeDcVoltage;
using register_inverter::kOffBelow;
// Writes its result only when the raw value is plausible, and says so.
[[nodiscard]] bool DecodeTemperature(uint16_t raw, Celsius& temperature) noexcept;  // -40 to 125 °C

// For people (`abcdsctl decode lumentree`): the values of one recorded reply, by names that end in the unit. A read's
// reply does not tell which register it is of, so that it needs its request. InvalidArgument with one sentence for
// anything that is corrupt, refused by the device, or not a value.
[[nodiscard]] absl::StatusOr<std::map<std::string, double>> DecodeFrame(std::optional<std::span<const uint8_t>> request,
                                                                        std::span<const uint8_t> reply);

}  // namespace abcds::lumentree

#endif  // ABCDS_HAL_DRIVERS_LUMENTREE_CODEC_H_
