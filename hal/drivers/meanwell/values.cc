#include "hal/drivers/meanwell/values.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace abcds::meanwell {
namespace {

constexpr uint8_t kNoProcessor = 0xFF;

// 0 to 9: unsupported, then decades.
std::optional<double> FactorOf(uint8_t nibble) noexcept {
  switch (nibble) {
    case 0:
      return 0;
    case 4:
      return 0.001;
    case 5:
      return 0.01;
    case 6:
      return 0.1;
    case 7:
      return 1;
    case 8:
      return 10;
    case 9:
      return 100;
    default:
      return std::nullopt;
  }
}

struct Bounds {
  double factor;
  double low;
  double high;
  const char* unit;
};

// The bounds are beyond what any model can show with its tolerances: what lies outside is no measurement.
Bounds BoundsOf(Family family, Format format, const Scaling& scaling) noexcept {
  const bool bic = family == Family::kBic;
  switch (format) {
    case Format::kVoltage:
      return {scaling.voltage, 0, bic ? 165.0 : 125.0, "V"};
    case Format::kCurrent:
      return {scaling.current, 0, bic ? 220.0 : 100.0, "A"};
    case Format::kMeasuredCurrent:
      return {scaling.current, bic ? -220.0 : 0, bic ? 220.0 : 100.0, "A"};
    case Format::kAcVoltage:
      return {scaling.ac_voltage, 0, 320, "V"};
    case Format::kTemperature:
      return {scaling.temperature, -45, 130, "°C"};
    case Format::kFanSpeed:
      return {scaling.fan_speed, 0, 40'000, "rpm"};
    case Format::kMinutes:
      return {scaling.curve_timeout, 0, 65'535, "min"};
    default:
      return {0, 0, 0, ""};
  }
}

bool IsSigned(Family family, Format format) noexcept {
  return format == Format::kTemperature || (format == Format::kMeasuredCurrent && family == Family::kBic);
}

struct Bit {
  int number;
  const char* words;
};

constexpr Bit kFaultBits[] = {{0, "FAN_FAIL (a fan is blocked)"},
                              {1, "OTP (too hot, output off until it has cooled)"},
                              {2, "OVP (DC voltage too high, until AC is switched off and on)"},
                              {3, "OLP (DC overcurrent, until AC is switched off and on)"},
                              {4, "SHORT (short circuit, until AC is switched off and on)"},
                              {5, "AC_FAIL (mains voltage outside its range)"},
                              {6, "OP_OFF (output off)"},
                              {7, "HI_TEMP (hot, runs on)"},
                              {8, "HV_OVP (internal bus voltage too high)"}};
constexpr Bit kBicStatusBits[] = {{0, "M/S (master)"},          {1, "DC_OK (DC output normal)"},
                                  {2, "PFC_OK (PFC runs)"},     {4, "ADL_ON (active dummy load on)"},
                                  {5, "INITIAL_STATE (ready)"}, {6, "EEPER (memory error)"}};
// Sources disagree on the meaning of bits 1 and 5 on the NPB.
constexpr Bit kNpbStatusBits[] = {{0, "M/S"},    {1, "DC_OK (meaning disputed)"},         {2, "PFC_OK"},
                                  {4, "ADL_ON"}, {5, "INITIAL_STATE (meaning disputed)"}, {6, "EEPER (memory error)"}};
// Sources disagree which of bits 8 and 9 is which.
constexpr Bit kCurveBits[] = {{5, "CVTSSE (floats after the constant-voltage stage)"},
                              {6, "STGS (two stages)"},
                              {7, "CUVE (charger mode)"},
                              {8, "CCTOE or CVTOE (time-out of a stage)"},
                              {9, "CVTOE or CCTOE (time-out of a stage)"},
                              {10, "FVTOE (float time-out)"},
                              {11, "RSTE (restarts charging at CHG_RST_VBAT)"}};
constexpr Bit kChargeBits[] = {{0, "FULLM (fully charged)"},
                               {1, "CCM (constant current)"},
                               {2, "CVM (constant voltage)"},
                               {3, "FVM (float)"},
                               {6, "WAKEUP_STOP (wake-up not finished)"},
                               {7, "HI_TEMP (hot)"},
                               {10, "NTCER (temperature sensor shorted)"},
                               {11, "BTNC (no battery)"},
                               {13, "CCTOF (time-out at constant current)"},
                               {14, "CVTOF (time-out at constant voltage)"},
                               {15, "FVTOF (time-out at float)"}};

// Words of the set bits but those of `elsewhere`; bits that have none, by number.
void AddBits(std::span<const Bit> known, uint16_t bits, uint16_t elsewhere, std::vector<std::string>& words) {
  for (int number = 0; number < 16; ++number) {
    const auto bit = static_cast<uint16_t>(1u << number);
    if ((bits & bit) == 0 || (elsewhere & bit) != 0) continue;
    const auto found = std::ranges::find(known, number, &Bit::number);
    words.push_back(found == known.end() ? absl::StrCat("bit ", number) : found->words);
  }
}

std::vector<std::string> SystemConfigWords(Family family, uint16_t bits) {
  static constexpr const char* kInit[] = {"output off after AC on", "output on after AC on",
                                          "output after AC on as before", "output after AC on: reserved value"};
  static constexpr const char* kStored[] = {"setpoints stored at once", "setpoints stored after 1 min",
                                            "setpoints stored after 10 min", "setpoints stored: reserved value"};
  std::vector<std::string> words;
  if (family == Family::kBic) {
    words.push_back((bits & system_config::kCanControl) != 0 ? "controlled by CAN" : "not controlled by CAN");
  }
  words.push_back(kInit[(bits & system_config::kOperationInit) >> 1]);
  words.push_back((bits & system_config::kEepromOff) != 0 ? "setpoints not stored" : kStored[(bits >> 8) & 3]);
  const uint16_t known = system_config::kOperationInit | system_config::kEepromDelay | system_config::kEepromOff |
                         (family == Family::kBic ? system_config::kCanControl : uint16_t{0});
  AddBits({}, bits, known, words);
  return words;
}

std::vector<std::string> CurveConfigWords(uint16_t bits) {
  static constexpr const char* kCurve[] = {"own curve", "preset curve 1", "preset curve 2", "preset curve 3"};
  static constexpr const char* kCompensation[] = {"no temperature compensation", "-3 mV/°C per cell",
                                                  "-4 mV/°C per cell", "-5 mV/°C per cell"};
  std::vector<std::string> words = {kCurve[bits & 3], kCompensation[(bits >> 2) & 3]};
  if ((bits & curve_config::kChargerMode) == 0) words.push_back("power supply mode");
  AddBits(kCurveBits, bits, 0xF, words);
  return words;
}

}  // namespace

std::optional<Scaling> DecodeScaling(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() != 6) return std::nullopt;
  const auto voltage = FactorOf(bytes[0] & 0xF);
  const auto current = FactorOf(bytes[0] >> 4);
  const auto ac_voltage = FactorOf(bytes[1] & 0xF);
  const auto fan_speed = FactorOf(bytes[1] >> 4);
  const auto temperature = FactorOf(bytes[2] & 0xF);
  const auto curve_timeout = FactorOf(bytes[2] >> 4);
  if (!voltage || !current || !ac_voltage || !fan_speed || !temperature || !curve_timeout) return std::nullopt;
  return Scaling{*voltage, *current, *ac_voltage, *fan_speed, *temperature, *curve_timeout};
}

std::optional<double> DecodeNumber(Family family, const CommandInfo& info, const Scaling& scaling,
                                   uint16_t raw) noexcept {
  const Bounds bounds = BoundsOf(family, info.format, scaling);
  if (bounds.factor <= 0) return std::nullopt;
  const int steps = IsSigned(family, info.format) ? static_cast<int16_t>(raw) : static_cast<int>(raw);
  // By division: 5239 / 100 is 52.39, 5239 * 0.01 is not.
  const double value = bounds.factor < 1 ? steps / std::round(1 / bounds.factor) : steps * bounds.factor;
  if (value < bounds.low || value > bounds.high) return std::nullopt;
  return value;
}

uint16_t EncodeHundredths(double value) noexcept {
  if (!(value > 0)) return 0;
  return static_cast<uint16_t>(std::min(std::round(value * 100), 65535.0));
}

std::optional<std::string> DecodeText(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    if (byte != 0 && (byte < 0x20 || byte > 0x7E)) return std::nullopt;
    text += byte == 0 ? ' ' : static_cast<char>(byte);
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::string DecodeRevision(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    if (byte == kNoProcessor) continue;
    absl::StrAppend(&text, text.empty() ? "" : " ", "R", byte / 10, ".", byte % 10);
  }
  return text;
}

std::vector<std::string> BitsInWords(Family family, Format format, uint16_t bits) {
  std::vector<std::string> words;
  switch (format) {
    case Format::kFaults:
      AddBits(kFaultBits, bits, 0, words);
      break;
    case Format::kSystemStatus:
      if (family == Family::kBic) {
        AddBits(kBicStatusBits, bits, 0, words);
      } else {
        AddBits(kNpbStatusBits, bits, 0, words);
      }
      break;
    case Format::kSystemConfig:
      return SystemConfigWords(family, bits);
    case Format::kCurveConfig:
      return CurveConfigWords(bits);
    case Format::kChargeStatus:
      AddBits(kChargeBits, bits, 0, words);
      break;
    case Format::kBidirectionalConfig:
      words.push_back((bits & 1) != 0 ? "battery mode" : "finds the direction by itself");
      AddBits({}, bits, 1, words);
      break;
    default:
      break;
  }
  return words;
}

std::optional<std::string> InWords(Family family, const CommandInfo& info, const Scaling& scaling,
                                   std::span<const uint8_t> value) {
  const auto raw = static_cast<uint16_t>(value.empty() ? 0 : value[0] | (value.size() > 1 ? value[1] << 8 : 0));
  switch (info.format) {
    case Format::kSwitch:
      if (raw > 1) return std::nullopt;
      return raw == 0 ? "off" : "on";
    case Format::kDirection:
      if (raw > 1) return std::nullopt;
      return raw == 0 ? "charge" : "discharge";
    case Format::kText: {
      const std::optional<std::string> text = DecodeText(value);
      if (!text.has_value()) return std::nullopt;
      return absl::StrCat("\"", *text, "\"");
    }
    case Format::kRevision:
      return DecodeRevision(value);
    case Format::kScaling: {
      const std::optional<Scaling> read = DecodeScaling(value);
      if (!read.has_value()) return std::nullopt;
      return absl::StrFormat(
          "VOUT %g V, IOUT %g A, VIN %g V, FAN %g rpm, TEMPERATURE %g °C, CURVE_TIMEOUT %g min a step", read->voltage,
          read->current, read->ac_voltage, read->fan_speed, read->temperature, read->curve_timeout);
    }
    case Format::kFaults:
    case Format::kSystemStatus:
    case Format::kSystemConfig:
    case Format::kCurveConfig:
    case Format::kChargeStatus:
    case Format::kBidirectionalConfig: {
      const std::vector<std::string> words = BitsInWords(family, info.format, raw);
      return absl::StrFormat("0x%04X: %s", raw, words.empty() ? "none" : absl::StrJoin(words, ", "));
    }
    default: {
      const std::optional<double> number = DecodeNumber(family, info, scaling, raw);
      if (!number.has_value()) return std::nullopt;
      return absl::StrFormat("%g %s", *number, BoundsOf(family, info.format, scaling).unit);
    }
  }
}

}  // namespace abcds::meanwell
