#include "clients/format.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "absl/strings/str_cat.h"

namespace abcds {
namespace {

std::string Directed(double power_w, const char* positive, const char* negative) {
  const double rounded = std::round(power_w);
  if (!(std::abs(rounded) >= 1.0)) return PowerText(power_w);
  return absl::StrCat(PowerText(std::abs(rounded)), " ", rounded > 0.0 ? positive : negative);
}

// Two neighbouring units: "3 min 20 s", or "3 min" where nothing is left.
std::string Two(long long large, const char* large_unit, long long small, const char* small_unit) {
  if (small == 0) return absl::StrCat(large, " ", large_unit);
  return absl::StrCat(large, " ", large_unit, " ", small, " ", small_unit);
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::string NumberText(double value, int decimals, std::string_view unit) {
  if (!std::isfinite(value)) return "unknown";
  const double smallest = 0.5 * std::pow(10.0, -decimals);
  if (std::abs(value) < smallest) value = 0.0;  // no "-0"
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value);
  return unit.empty() ? std::string(buffer) : absl::StrCat(buffer, " ", std::string(unit));
}

std::string PowerText(double power_w) { return NumberText(power_w, 0, "W"); }

std::string GridText(double power_w) { return Directed(power_w, "importing", "exporting"); }

std::string BatteryPowerText(double power_w) { return Directed(power_w, "charging", "discharging"); }

std::string DurationText(double seconds) {
  if (!std::isfinite(seconds)) return "unknown";
  if (seconds < 0.0) seconds = 0.0;
  if (seconds < 9.95) return NumberText(seconds, 1, "s");
  const long long whole = std::llround(seconds);
  if (whole < 60) return absl::StrCat(whole, " s");
  if (whole < 3600) return Two(whole / 60, "min", whole % 60, "s");
  if (whole < 86400) return Two(whole / 3600, "h", whole % 3600 / 60, "min");
  return Two(whole / 86400, "d", whole % 86400 / 3600, "h");
}

std::string ShortTimeText(double seconds) {
  if (seconds < 1e-3) return NumberText(seconds * 1e6, 0, "µs");
  if (seconds < 1.0) return NumberText(seconds * 1e3, 1, "ms");
  return NumberText(seconds, 1, "s");
}

std::string EnergyText(double energy_wh) {
  return std::abs(energy_wh) < 1000.0 ? NumberText(energy_wh, 0, "Wh") : NumberText(energy_wh / 1000.0, 2, "kWh");
}

std::string WordsOf(const std::string& name) {
  std::string words = name;
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string EnumText(std::string_view name, std::string_view prefix) {
  if (name.substr(0, prefix.size()) == prefix) name.remove_prefix(prefix.size());
  std::string words = WordsOf(std::string(name));
  std::transform(words.begin(), words.end(), words.begin(), [](unsigned char c) { return std::tolower(c); });
  return words.empty() || words == "unspecified" ? "unknown" : words;
}

std::string ClockText(const google::protobuf::Timestamp& time, const google::protobuf::Timestamp& now) {
  const auto local = [](const google::protobuf::Timestamp& stamp) {
    const std::time_t seconds = stamp.seconds();
    std::tm parts{};
    localtime_r(&seconds, &parts);
    return parts;
  };
  const std::tm then = local(time);
  const std::tm today = local(now);
  const bool same_day = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
  char buffer[64];
  std::strftime(buffer, sizeof buffer, same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &then);
  return buffer;
}

size_t DisplayWidth(std::string_view text) {
  return text.size() - static_cast<size_t>(std::count_if(text.begin(), text.end(), IsContinuation));
}

std::string PadRight(std::string text, size_t width) {
  const size_t used = DisplayWidth(text);
  if (used < width) text.append(width - used, ' ');
  return text;
}

std::string PadLeft(const std::string& text, size_t width) {
  const size_t used = DisplayWidth(text);
  return used < width ? std::string(width - used, ' ') + text : text;
}

std::string Clip(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width == 0) return "";
  size_t end = 0;
  for (size_t columns = 0; end < text.size(); ++end) {
    if (!IsContinuation(text[end]) && columns++ == width - 1) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string Printable(std::string_view text) {
  std::string result(text);
  std::replace_if(
      result.begin(), result.end(), [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; }, ' ');
  return result;
}

}  // namespace abcds
