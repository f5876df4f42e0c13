// Numbers as people read them. Directions are words: nobody has to remember which sign means what.
#ifndef ABCDS_CLIENTS_FORMAT_H_
#define ABCDS_CLIENTS_FORMAT_H_

#include <string>
#include <string_view>

#include "google/protobuf/timestamp.pb.h"

namespace abcds {

// "390 W", "0 W" (never "-0 W").
[[nodiscard]] std::string PowerText(double power_w);
// At the grid: "12 W importing", "40 W exporting", "0 W".
[[nodiscard]] std::string GridText(double power_w);
// Of a converter or the battery: "390 W charging", "390 W discharging", "0 W".
[[nodiscard]] std::string BatteryPowerText(double power_w);
// "0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".
[[nodiscard]] std::string DurationText(double seconds);
// A short time with the unit that fits: "45 µs", "1.2 ms".
[[nodiscard]] std::string ShortTimeText(double seconds);
// "54 Wh", "1.23 kWh".
[[nodiscard]] std::string EnergyText(double energy_wh);
// printf's %.<decimals>f with a unit: "26.40 V".
[[nodiscard]] std::string NumberText(double value, int decimals, std::string_view unit);
// "battery_full" → "battery full".
[[nodiscard]] std::string WordsOf(const std::string& name);
// "MODE_CHARGE_ONLY" → "charge only": names of the proto's enumerations.
[[nodiscard]] std::string EnumText(std::string_view name, std::string_view prefix);
// Time of day in the local zone, "10:45:03"; with the date where it is not today's.
[[nodiscard]] std::string ClockText(const google::protobuf::Timestamp& time, const google::protobuf::Timestamp& now);

// Columns that a terminal uses for UTF-8 text without wide characters.
[[nodiscard]] size_t DisplayWidth(std::string_view text);
// Text of exactly or at least `width` columns, filled on the right or on the left.
[[nodiscard]] std::string PadRight(std::string text, size_t width);
[[nodiscard]] std::string PadLeft(const std::string& text, size_t width);
// At most `width` columns; cut text ends in "…".
[[nodiscard]] std::string Clip(std::string_view text, size_t width);
// What came over the network, without characters that could steer the terminal.
[[nodiscard]] std::string Printable(std::string_view text);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_FORMAT_H_
