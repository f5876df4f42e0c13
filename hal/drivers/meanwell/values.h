// Raw values of Mean Well's commands ↔ quantities, and the bits in words. Pure.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_VALUES_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_VALUES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hal/drivers/meanwell/command.h"
#include "hal/units/quantity.h"

namespace abcds::meanwell {

// Units per step, as SCALING_FACTOR says; 0: the device has no such values. The defaults are those of all devices seen.
struct Scaling {
  double voltage = 0.01;
  double current = 0.01;
  double ac_voltage = 0.1;
  double fan_speed = 1;
  double temperature = 0.1;
  double curve_timeout = 1;
};
// None: a nibble that the manuals do not explain.
[[nodiscard]] std::optional<Scaling> DecodeScaling(std::span<const uint8_t> bytes) noexcept;
// The only one that setpoints are written with.
[[nodiscard]] inline bool IsUsual(const Scaling& scaling) noexcept {
  return scaling.voltage == 0.01 && scaling.current == 0.01;
}

// The number a raw value of a measuring or setting command means, in the unit of its key; none where the format is not
// a number, the device says that it has no such values, or no device can have it.
[[nodiscard]] std::optional<double> DecodeNumber(Family family, const CommandInfo& info, const Scaling& scaling,
                                                 uint16_t raw) noexcept;
// Steps of 0.01, to the nearest; saturates at 0 and 655.35.
[[nodiscard]] uint16_t EncodeHundredths(double value) noexcept;

// Without padding; none: a byte that is no printable character.
[[nodiscard]] std::optional<std::string> DecodeText(std::span<const uint8_t> bytes);
// "R2.3 R1.8": one for each processor.
[[nodiscard]] std::string DecodeRevision(std::span<const uint8_t> bytes);

namespace fault {
inline constexpr uint16_t kFan = 1 << 0;
inline constexpr uint16_t kOverTemperature = 1 << 1;
inline constexpr uint16_t kOverVoltage = 1 << 2;
inline constexpr uint16_t kOverCurrent = 1 << 3;
inline constexpr uint16_t kShort = 1 << 4;
inline constexpr uint16_t kAcFail = 1 << 5;
inline constexpr uint16_t kOutputOff = 1 << 6;  // a status: the output is off, because it was told so
inline constexpr uint16_t kHot = 1 << 7;        // a warning: it runs on
inline constexpr uint16_t kBusOverVoltage = 1 << 8;
// Stay until the AC has been away.
inline constexpr uint16_t kLatched = kOverVoltage | kOverCurrent | kShort | kBusOverVoltage;
}  // namespace fault

namespace system_status {
inline constexpr uint16_t kEepromError = 1 << 6;
}  // namespace system_status

namespace system_config {
inline constexpr uint16_t kCanControl = 1 << 0;     // BIC only
inline constexpr uint16_t kOperationInit = 3 << 1;  // OPERATION after AC on: 0 off, 1 on, 2 as before
inline constexpr uint16_t kEepromDelay = 3 << 8;    // 0 at once, 1 after 1 min, 2 after 10 min
inline constexpr uint16_t kEepromOff = 1 << 10;     // setpoints are not stored
}  // namespace system_config

namespace curve_config {
inline constexpr uint16_t kChargerMode = 1 << 7;  // CUVE: the charge curve rules, setpoints have no effect
}  // namespace curve_config

// The set bits of FAULT_STATUS, SYSTEM_STATUS, SYSTEM_CONFIG, CURVE_CONFIG, CHG_STATUS or BIDIRECTIONAL_CONFIG in
// words.
[[nodiscard]] std::vector<std::string> BitsInWords(Family family, Format format, uint16_t bits);
// One word with its unit: "52.39 V", "on", "OP_OFF (output off)". For any value of any command; none: not a value.
[[nodiscard]] std::optional<std::string> InWords(Family family, const CommandInfo& info, const Scaling& scaling,
                                                 std::span<const uint8_t> value);

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_VALUES_H_
