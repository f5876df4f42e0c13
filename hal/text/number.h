// Numbers as meters write them, read strictly and without a locale.
#ifndef ABCDS_HAL_TEXT_NUMBER_H_
#define ABCDS_HAL_TEXT_NUMBER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hal/text/refusal.h"

namespace abcds {

// A unit that stood behind a number.
enum class PowerUnit : uint8_t { kNone, kMilliwatt, kWatt, kKilowatt, kMegawatt };

// Watts per unit; 1 for kNone.
[[nodiscard]] double WattsPerUnit(PowerUnit unit) noexcept;

enum class UnitText : uint8_t {
  kRefuse,  // "412 W" is trailing text
  kAccept,  // "412 W" is 412 with the unit watt; units of anything but power are refused
};

struct [[nodiscard]] NumberResult {
  Refusal refusal = Refusal::kEmpty;
  double value = 0.0;  // meaningful, and finite, only when `refusal` is kNone
  PowerUnit unit = PowerUnit::kNone;
};

// No number that a meter sends is longer, blanks included.
inline constexpr size_t kLongestNumber = 64;

// Takes a decimal number: sign, digits, decimal point, exponent, with blanks, CR, LF and NUL around it and at most one
// pair of double quotes. Refuses all else: nan, inf, hexadecimal, decimal commas, trailing text. The value is as
// written: `unit` is told, not applied. Total, no allocation.
NumberResult ParseNumber(std::string_view text, UnitText unit_text) noexcept;

// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF.
[[nodiscard]] bool IsUtf8(std::string_view text) noexcept;

// Without the blanks, CR, LF and NUL around it.
[[nodiscard]] std::string_view TrimText(std::string_view text) noexcept;

}  // namespace abcds

#endif  // ABCDS_HAL_TEXT_NUMBER_H_
