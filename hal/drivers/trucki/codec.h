// The Trucki RS485 board in SUN GTIL2 inverters: Modbus registers ↔ values. No I/O, no state, no time.
//
// Source: README of trucki-eu/RS485-Interface-for-Sun-GTIL2-1000 (registers, behaviour, firmware notes). What is
// assumed is marked so.
#ifndef ABCDS_HAL_DRIVERS_TRUCKI_CODEC_H_
#define ABCDS_HAL_DRIVERS_TRUCKI_CODEC_H_

#include <cstdint>
#include <optional>

#include "hal/drivers/register_inverter/readings.h"
#include "hal/units/quantity.h"

namespace abcds::trucki {

enum class Model : uint8_t { k1000, k2000 };

struct Traits {
  const char* name;
  Watts rated_power;
  // The most that the board's maker recommends.
  Watts max_power;
  // The least that is stable.
  Watts min_power;
  // Between these the inverter switches its range and gives one or the other; equal: no such gap.
  Watts gap_from;
  Watts gap_to;
  // Power is derated from the first temperature to nothing at the second. Assumed: the inverter protects itself, at
  // unpublished temperatures; ours keep it from getting there.
  Celsius derate_from{75};
  Celsius derate_to{90};
};
[[nodiscard]] const Traits& TraitsOf(Model model) noexcept;

// Firmware up to 1.08 (serial numbers 1 to 357) may jump to full power when told 1 to 75 W: it never is.
inline constexpr Watts kOldFirmwareJumpsUpTo{75};
// The least a board with such firmware is told.
inline constexpr Watts kOldFirmwareMinimum{76};

// Addresses as on the wire, zero-based.
enum class Register : uint16_t {
  kSetpoint = 0,     // read and written, 0.1 W, up to 20000
  kAcPower = 1,      // 0.1 W; this and the next two as the inverter's display line says, every 1.3 s
  kAcVoltage = 2,    // 0.1 V
  kDcVoltage = 3,    // 0.1 V
  kDac = 4,          // never written: it would bypass the power control
  kCalibration = 5,  // 0, or the step of a calibration; never written: it would start one, up to full power
  kMirror = 6,       // of the setpoint; this and the next from firmware 1.06 on
  kTemperature = 7,  // whole °C
};

// The setpoint register for a wanted AC power (+ charges): saturated to [-max_discharge, 0], rounded to 0.1 W, never in
// the model's gap, and never where firmware up to 1.08 (`old_firmware`) jumps. The inverter cannot charge.
[[nodiscard]] uint16_t EncodeSetpoint(const Traits& traits, bool old_firmware, Watts power,
                                      Watts max_discharge) noexcept;
[[nodiscard]] Watts DecodeSetpoint(uint16_t raw) noexcept;

using register_inverter::DecodeAcPower;
using register_inverter::DecodeAcVoltage;
using register_inverter::DecodeDcVoltage;
// 0 to 118 °C. Writes its result only when the raw value is plausible, and says so.
[[nodiscard]] bool DecodeTemperature(uint16_t raw, Celsius& temperature) noexcept;

}  // namespace abcds::trucki

#endif  // ABCDS_HAL_DRIVERS_TRUCKI_CODEC_H_
