#include "hal/drivers/trucki/codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace abcds::trucki {
namespace {

struct SetpointCase {
  const char* name;
  Model model;
  bool old_firmware;
  double power_w;  // + charges
  double max_discharge_w;
  uint16_t raw;
};

class EncodeSetpointTest : public testing::TestWithParam<SetpointCase> {};

TEST_P(EncodeSetpointTest, IsWhatTheBoardCanBeTold) {
  const SetpointCase& c = GetParam();
  EXPECT_EQ(EncodeSetpoint(TraitsOf(c.model), c.old_firmware, Watts(c.power_w), Watts(c.max_discharge_w)), c.raw);
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();
INSTANTIATE_TEST_SUITE_P(
    Setpoints, EncodeSetpointTest,
    testing::Values(SetpointCase{"Discharging", Model::k1000, false, -420, 850, 4200},
                    SetpointCase{"TenthsOfAWatt", Model::k1000, false, -420.04, 850, 4200},
                    SetpointCase{"RoundsUp", Model::k1000, false, -420.06, 850, 4201},
                    SetpointCase{"Zero", Model::k1000, false, 0, 850, 0},
                    SetpointCase{"ChargingIsZero", Model::k1000, false, 300, 850, 0},
                    SetpointCase{"Saturates", Model::k1000, false, -990, 850, 8500},
                    SetpointCase{"NeverRoundsBeyondTheLimit", Model::k1000, false, -990, 399.97, 3999},
                    SetpointCase{"NoPowerAvailable", Model::k1000, false, -300, 0, 0},
                    SetpointCase{"NotANumberIsZero", Model::k1000, false, std::nan(""), 850, 0},
                    SetpointCase{"InfinityIsTheLimit", Model::k2000, false, -kInfinity, 1850, 18500},
                    SetpointCase{"OldFirmwareIsNeverToldOneWatt", Model::k1000, true, -1, 850, 0},
                    SetpointCase{"OldFirmwareIsNeverTold75W", Model::k1000, true, -75, 850, 0},
                    SetpointCase{"OldFirmwareIsNeverToldLessByRounding", Model::k1000, true, -75.04, 850, 0},
                    SetpointCase{"OldFirmwareIsNeverToldLessByALimit", Model::k1000, true, -400, 60, 0},
                    SetpointCase{"OldFirmwareMayBeTold76W", Model::k1000, true, -76, 850, 760},
                    SetpointCase{"NewFirmwareMayBeTold50W", Model::k1000, false, -50, 850, 500},
                    SetpointCase{"LowerEndOfTheGap", Model::k2000, false, -200, 1850, 2000},
                    SetpointCase{"LowerHalfOfTheGapIsItsLowerEnd", Model::k2000, false, -224, 1850, 2000},
                    SetpointCase{"UpperHalfOfTheGapIsItsUpperEnd", Model::k2000, false, -225, 1850, 2500},
                    SetpointCase{"UpperEndOfTheGap", Model::k2000, false, -250, 1850, 2500},
                    SetpointCase{"GapNeverLeadsBeyondTheLimit", Model::k2000, false, -240, 240, 2000},
                    SetpointCase{"The1000HasNoGap", Model::k1000, false, -224, 850, 2240}),
    [](const auto& info) { return info.param.name; });

TEST(CodecTest, SetpointReadBackIsDischarging) {
  EXPECT_EQ(DecodeSetpoint(4200), Watts(-420));
  EXPECT_FALSE(std::signbit(DecodeSetpoint(0).value())) << "no -0";
}

TEST(CodecTest, TemperatureIsInWholeDegrees) {
  Celsius temperature;
  EXPECT_TRUE(DecodeTemperature(38, temperature));
  EXPECT_EQ(temperature, Celsius(38));
  EXPECT_TRUE(DecodeTemperature(118, temperature));
  EXPECT_FALSE(DecodeTemperature(119, temperature));
  EXPECT_EQ(temperature, Celsius(118)) << "untouched";
}

TEST(CodecTest, EachModelHasItsLimits) {
  EXPECT_EQ(TraitsOf(Model::k1000).max_power, Watts(850));
  EXPECT_EQ(TraitsOf(Model::k1000).min_power, Watts(50));
  EXPECT_EQ(TraitsOf(Model::k2000).max_power, Watts(1850));
  EXPECT_EQ(TraitsOf(Model::k2000).min_power, Watts(100));
}

}  // namespace
}  // namespace abcds::trucki
