#include "hal/drivers/trucki/codec.h"

#include <cmath>

namespace abcds::trucki {
namespace {

constexpr Traits kTraits[] = {
    {.name = "SUN GTIL2-1000 with Trucki board",
     .rated_power = Watts(1000),
     .max_power = Watts(850),
     .min_power = Watts(50),
     .gap_from = Watts(0),
     .gap_to = Watts(0)},
    {.name = "SUN GTIL2-2000 with Trucki board",
     .rated_power = Watts(2000),
     .max_power = Watts(1850),
     .min_power = Watts(100),
     .gap_from = Watts(200),
     .gap_to = Watts(250)},
};
constexpr uint16_t kHottest = 118;

// The board does the same with what it is told; done here, what it acknowledges is what the inverter gives.
Watts OutsideTheGap(const Traits& traits, Watts discharge, Watts limit) {
  if (discharge <= traits.gap_from || discharge >= traits.gap_to) return discharge;
  const bool upper = discharge >= (traits.gap_from + traits.gap_to) * 0.5 && limit >= traits.gap_to;
  return upper ? traits.gap_to : traits.gap_from;
}

}  // namespace

const Traits& TraitsOf(Model model) noexcept { return kTraits[static_cast<size_t>(model)]; }

uint16_t EncodeSetpoint(const Traits& traits, bool old_firmware, Watts power, Watts max_discharge) noexcept {
  const Watts limit(std::floor(max_discharge.value() * 10) / 10);
  const Watts discharge = OutsideTheGap(traits, register_inverter::WantedDischarge(power, limit), limit);
  const auto raw = static_cast<uint16_t>(std::lround(discharge.value() * 10));
  return old_firmware && raw <= kOldFirmwareJumpsUpTo.value() * 10 ? 0 : raw;
}

Watts DecodeSetpoint(uint16_t raw) noexcept { return raw == 0 ? Watts(0) : Watts(raw / -10.0); }

bool DecodeTemperature(uint16_t raw, Celsius& temperature) noexcept {
  if (raw > kHottest) return false;
  temperature = Celsius(raw);
  return true;
}

}  // namespace abcds::trucki
