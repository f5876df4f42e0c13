#include "hal/drivers/register_inverter/readings.h"

#include <algorithm>

namespace abcds::register_inverter {
namespace {

// What a device can report above its rating while it settles.
constexpr double kPowerMargin = 1.3;
constexpr Volts kNoBatteryBelow(1.0);
constexpr Volts kDcLowest(5);
constexpr Volts kDcHighest(80);
constexpr Volts kAcHighest(300);

}  // namespace

bool DecodeAcPower(uint16_t raw, Watts max_power, Watts& power) noexcept {
  const Watts delivered(raw / 10.0);
  if (delivered > max_power * kPowerMargin) return false;
  power = raw == 0 ? Watts(0) : -delivered;  // not -0
  return true;
}

bool DecodeDcVoltage(uint16_t raw, Volts& voltage) noexcept {
  const Volts decoded(raw / 10.0);
  if (decoded > kDcHighest || (decoded >= kNoBatteryBelow && decoded < kDcLowest)) return false;
  voltage = decoded;
  return true;
}

bool DecodeAcVoltage(uint16_t raw, Volts& voltage) noexcept {
  const Volts decoded(raw / 10.0);
  if (decoded > kAcHighest) return false;
  voltage = decoded;
  return true;
}

Watts Derated(Watts max_power, Celsius from, Celsius to, std::optional<Celsius> temperature) noexcept {
  if (!temperature.has_value()) return max_power;
  const double share = (to - *temperature) / (to - from);
  return max_power * std::clamp(share, 0.0, 1.0);
}

Watts WantedDischarge(Watts power, Watts max_discharge) noexcept {
  const Watts wanted = -power;
  // Written so that NaN is 0 W.
  if (!(wanted > Watts(0))) return Watts(0);
  return std::min(wanted, max_discharge);
}

}  // namespace abcds::register_inverter
