#include "hal/text/number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

namespace abcds {
namespace {

bool IsDigit(char c) noexcept { return c >= '0' && c <= '9'; }

char Lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualIgnoringCase(std::string_view text, std::string_view lower) noexcept {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) { return Lower(a) == b; });
}

// What publishers write when they have no value: JavaScript, Python, Home Assistant, zigbee2mqtt, displays.
bool SaysNoValue(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 10> kWords = {"nan",     "null",    "none",    "undefined", "unavailable",
                                                       "unknown", "offline", "invalid", "n/a",       "---"};
  const std::string_view unsigned_text = text.substr(!text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0);
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return EqualIgnoringCase(text, word) || EqualIgnoringCase(unsigned_text, word);
  });
}

// Case matters where it must: mW and MW are nine powers of ten apart.
bool ParseUnit(std::string_view text, PowerUnit& unit) noexcept {
  constexpr std::array<std::pair<std::string_view, PowerUnit>, 11> kUnits = {{
      {"W", PowerUnit::kWatt},
      {"w", PowerUnit::kWatt},
      {"Watt", PowerUnit::kWatt},
      {"watt", PowerUnit::kWatt},
      {"Watts", PowerUnit::kWatt},
      {"watts", PowerUnit::kWatt},
      {"kW", PowerUnit::kKilowatt},
      {"KW", PowerUnit::kKilowatt},
      {"kw", PowerUnit::kKilowatt},
      {"mW", PowerUnit::kMilliwatt},
      {"MW", PowerUnit::kMegawatt},
  }};
  const auto* found = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& u) { return u.first == text; });
  if (found == kUnits.end()) return false;
  unit = found->second;
  return true;
}

}  // namespace

double WattsPerUnit(PowerUnit unit) noexcept {
  switch (unit) {
    case PowerUnit::kMilliwatt:
      return 1e-3;
    case PowerUnit::kKilowatt:
      return 1e3;
    case PowerUnit::kMegawatt:
      return 1e6;
    case PowerUnit::kNone:
    case PowerUnit::kWatt:
      break;
  }
  return 1.0;
}

std::string_view TrimText(std::string_view text) noexcept {
  constexpr std::string_view kAround(" \t\r\n\0", 5);
  const size_t begin = text.find_first_not_of(kAround);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kAround) - begin + 1);
}

NumberResult ParseNumber(std::string_view text, UnitText unit_text) noexcept {
  NumberResult result;
  const auto refuse = [&](Refusal refusal) {
    result.refusal = refusal;
    result.value = 0.0;
    return result;
  };
  if (text.size() > kLongestNumber) return refuse(Refusal::kTooLong);
  text = TrimText(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = TrimText(text.substr(1, text.size() - 2));
  if (text.empty()) return refuse(Refusal::kEmpty);
  if (!IsUtf8(text)) return refuse(Refusal::kNotUtf8);
  if (SaysNoValue(text)) return refuse(Refusal::kNoValue);

  // from_chars takes neither a leading plus nor blanks, but would take "inf" and "nan(1)".
  const char* begin = text.data();
  const char* const end = begin + text.size();
  const char* digits = begin + (*begin == '+' || *begin == '-' ? 1 : 0);
  if (*begin == '+') begin = digits;
  if (digits == end || !(IsDigit(*digits) || *digits == '.')) return refuse(Refusal::kNotANumber);
  const auto [stopped, error] = std::from_chars(begin, end, result.value, std::chars_format::general);
  if (error == std::errc::result_out_of_range) return refuse(Refusal::kOutOfRange);
  if (error != std::errc() || !std::isfinite(result.value)) return refuse(Refusal::kNotANumber);

  const std::string_view rest = TrimText(std::string_view(stopped, static_cast<size_t>(end - stopped)));
  if (!rest.empty()) {
    if (rest.size() > 1 && stopped[0] == ',' && IsDigit(stopped[1])) return refuse(Refusal::kDecimalComma);
    if (unit_text == UnitText::kRefuse) return refuse(Refusal::kTrailingText);
    if (!ParseUnit(rest, result.unit)) return refuse(Refusal::kWrongUnit);
  }
  result.refusal = Refusal::kNone;
  return result;
}

bool IsUtf8(std::string_view text) noexcept {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  for (size_t i = 0; i < text.size();) {
    const uint8_t lead = byte(i);
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xC2 && lead < 0xE0 ? 2
                          : (lead & 0xF0) == 0xE0       ? 3
                          : lead >= 0xF0 && lead < 0xF5 ? 4
                                                        : 0;
    if (length == 0 || text.size() - i < length) return false;
    for (size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0) != 0x80) return false;
    }
    // The second byte excludes overlong forms, surrogates and what lies beyond U+10FFFF.
    if (lead == 0xE0 && byte(i + 1) < 0xA0) return false;
    if (lead == 0xED && byte(i + 1) > 0x9F) return false;
    if (lead == 0xF0 && byte(i + 1) < 0x90) return false;
    if (lead == 0xF4 && byte(i + 1) > 0x8F) return false;
    i += length;
  }
  return true;
}

}  // namespace abcds
