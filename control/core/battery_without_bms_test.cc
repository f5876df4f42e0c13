// What a converter's reading of the battery's voltage is good for where nobody else measures it.
#include <gtest/gtest.h>

#include <cmath>

#include "control/core/battery_limiter.h"
#include "control/core/small_battery.h"

namespace abcds {
namespace {

using small_battery::Eight;
using small_battery::kNow;

TEST(BatteryLimiterTest, WithoutABmsTheConvertersVoltageDecides) {
  BatteryLimiter limiter(Eight());
  const BatteryLimits half = limiter.Update({}, {Volts(27.4), kNow, true}, Watts(100), kNow);
  EXPECT_NEAR(half.charge.value(), 685, 1e-6) << "3.425 V each: half of 27.4 V × 50 A";
  EXPECT_FALSE(limiter.silent());
  EXPECT_TRUE(limiter.Update({}, {Volts(27.6), kNow, true}, Watts(0), kNow).full);
  EXPECT_TRUE(limiter.Update({}, {Volts(24.4), kNow, true}, Watts(0), kNow).empty);
}

TEST(BatteryLimiterTest, WithoutABmsLittlePowerNearTheTopIsFull) {
  BatteryLimiter limiter(Eight());
  EXPECT_FALSE(limiter.Update({}, {Volts(27.55), kNow, true}, Watts(40), kNow).full) << "1.45 A";
  EXPECT_TRUE(limiter.Update({}, {Volts(27.55), kNow, true}, Watts(20), kNow).full) << "0.73 A";
}

struct TerminalCase {
  const char* name;
  double volts;
  double age_s;
  bool valid;
  bool usable;
};

class TerminalVoltageTest : public testing::TestWithParam<TerminalCase> {};

TEST_P(TerminalVoltageTest, AVoltageThatNobodyKnowsStopsBothDirections) {
  const TerminalCase& c = GetParam();
  BatteryLimiter limiter(Eight());
  const Sample<Volts> reading{Volts(c.volts), kNow - FromSeconds(c.age_s), c.valid};
  const BatteryLimits limits = limiter.Update({}, reading, Watts(0), kNow);
  EXPECT_EQ(limiter.voltage().valid, c.usable);
  EXPECT_EQ(limits.charge > Watts(0), c.usable);
  EXPECT_EQ(limits.discharge > Watts(0), c.usable);
  if (!c.usable) {
    EXPECT_EQ(limits.charge_reason, Reason::kBatteryVoltageUnknown);
  }
}

INSTANTIATE_TEST_SUITE_P(Readings, TerminalVoltageTest, testing::Values(
    TerminalCase{"AFreshOne",              26.4,  0, true, true},
    TerminalCase{"TwentySecondsOld",       26.4, 20, true, true},
    TerminalCase{"Older",                  26.4, 20.1, true, false},
    TerminalCase{"None",                   26.4,  0, false, false},
    TerminalCase{"AMissingBattery",         0.9,  0, true, false},
    TerminalCase{"NotANumber", std::nan(""),      0, true, false}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace abcds
