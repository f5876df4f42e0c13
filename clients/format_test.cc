#include "clients/format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

namespace abcds {
namespace {

struct Case {
  const char* name;
  std::string got;
  const char* want;
};

class FormatTest : public testing::TestWithParam<Case> {};

TEST_P(FormatTest, ReadsAsExpected) { EXPECT_EQ(GetParam().got, GetParam().want); }

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

INSTANTIATE_TEST_SUITE_P(
    Texts, FormatTest,
    testing::Values(
        Case{"ImportIsPositive", GridText(412.4), "412 W importing"},
        Case{"ExportHasNoSign", GridText(-412.6), "413 W exporting"}, Case{"NoDirectionAtZero", GridText(0.0), "0 W"},
        Case{"NoMinusZero", GridText(-0.4), "0 W"}, Case{"UnknownPower", GridText(kNan), "unknown"},
        Case{"ChargingIsPositive", BatteryPowerText(1200), "1200 W charging"},
        Case{"DischargingIsNegative", BatteryPowerText(-390), "390 W discharging"},
        Case{"YoungAge", DurationText(0.42), "0.4 s"}, Case{"AgeRoundsUpToWholeSeconds", DurationText(9.96), "10 s"},
        Case{"Seconds", DurationText(59.4), "59 s"}, Case{"MinuteAndSeconds", DurationText(200), "3 min 20 s"},
        Case{"WholeMinutes", DurationText(900), "15 min"}, Case{"Hours", DurationText(7500), "2 h 5 min"},
        Case{"Days", DurationText(273600), "3 d 4 h"}, Case{"NegativeAgeIsNone", DurationText(-3), "0.0 s"},
        Case{"Microseconds", ShortTimeText(45e-6), "45 µs"}, Case{"Milliseconds", ShortTimeText(0.0012), "1.2 ms"},
        Case{"WattHours", EnergyText(54.3), "54 Wh"}, Case{"KilowattHours", EnergyText(1234.0), "1.23 kWh"},
        Case{"ReasonWords", WordsOf("battery_full"), "battery full"},
        Case{"EnumWords", EnumText("MODE_CHARGE_ONLY", "MODE_"), "charge only"},
        Case{"EnumUnspecified", EnumText("MODE_UNSPECIFIED", "MODE_"), "unknown"},
        Case{"EnumOfALaterVersion", EnumText("", "MODE_"), "unknown"},
        Case{"ClipKeepsShortText", Clip("abc", 3), "abc"}, Case{"ClipMarksCuts", Clip("abcdef", 4), "abc…"},
        Case{"ClipCountsColumnsNotBytes", Clip("µµµµ", 3), "µµ…"}, Case{"ClipToNothing", Clip("abc", 0), ""},
        Case{"PadCountsColumns", PadRight("µs", 4) + "|", "µs  |"}, Case{"PadLeft", PadLeft("1 W", 5), "  1 W"},
        Case{"EscapesCannotSteerTheTerminal", Printable("a\x1b[2Jb\nc"), "a [2Jb c"}),
    [](const auto& info) { return info.param.name; });

TEST(ClockTextTest, ShowsTheDateOnlyOfOtherDays) {
  setenv("TZ", "UTC", 1);
  tzset();
  google::protobuf::Timestamp now;
  now.set_seconds(1'800'000'000);  // 2027-01-15 08:00:00
  google::protobuf::Timestamp tomorrow = now;
  tomorrow.set_seconds(now.seconds() + 86400);
  EXPECT_EQ(ClockText(now, now), "08:00:00");
  EXPECT_EQ(ClockText(tomorrow, now), "2027-01-16 08:00:00");
}

}  // namespace
}  // namespace abcds
