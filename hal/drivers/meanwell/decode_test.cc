#include "hal/drivers/meanwell/decode.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace abcds::meanwell {
namespace {

using Lines = std::vector<std::string>;

LogValues Values(Family family, const Lines& lines, std::optional<uint8_t> unit = std::nullopt) {
  const auto values = DecodeLog(family, lines, unit);
  EXPECT_TRUE(values.ok()) << values.status();
  return values.ok() ? *values : LogValues();
}

double Number(const LogValues& values, const std::string& name) {
  const auto found = values.find(name);
  if (found == values.end()) {
    ADD_FAILURE() << "no " << name;
    return -1;
  }
  return std::get<double>(found->second);
}

std::string Text(const LogValues& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? "(missing)" : std::get<std::string>(found->second);
}

TEST(DecodeTest, LogOfARunningNpb) {
  const LogValues values = Values(Family::kNpb, {
                                                    "  can0  000C0103   [2]  60 00",
                                                    "  can0  000C0003   [4]  60 00 64 0A",
                                                    "  can0  000C0103   [2]  61 00",
                                                    "  can0  000C0003   [4]  61 00 E2 04",
                                                    "  can0  000C0103   [2]  82 00",
                                                    "  can0  000C0003   [8]  82 00 4E 50 42 2D 31 32",
                                                    "  can0  000C0103   [2]  83 00",
                                                    "  can0  000C0003   [8]  83 00 30 30 2D 32 34 20",
                                                    "  can0  123   [1]  00",
                                                    "  can0  000C0103   [4]  30 00 D0 02",
                                                });
  EXPECT_EQ(Number(values, "dc_voltage_v"), 26.6);
  EXPECT_EQ(Number(values, "current_a"), 12.5);
  EXPECT_EQ(Number(values, "dc_power_w"), 332.5);
  EXPECT_EQ(Number(values, "current_setpoint_a"), 7.2);
  EXPECT_EQ(Number(values, "foreign_frames"), 1);
  EXPECT_EQ(Text(values, "model"), "NPB-1200-24");
  EXPECT_EQ(Text(values, "unit"), "03");
  EXPECT_EQ(std::get<Lines>(values.at("log")),
            (Lines{"read READ_VOUT", "READ_VOUT 26.6 V", "read READ_IOUT", "READ_IOUT 12.5 A", "read MFR_MODEL_B0B5",
                   "MFR_MODEL_B0B5 \"NPB-12\"", "read MFR_MODEL_B6B11", "MFR_MODEL_B6B11 \"00-24\"",
                   "write IOUT_SET 7.2 A"}));
}

TEST(DecodeTest, BicDischarges) {
  const LogValues values = Values(Family::kBic, {"000C0205#610063FA", "000C0205#60000815", "000C0205#000101",
                                                 "000C0205#4000C100", "000C0205#C2000304"});
  EXPECT_EQ(Number(values, "current_a"), -14.37);
  EXPECT_LT(Number(values, "dc_power_w"), -700);
  EXPECT_EQ(Text(values, "direction"), "discharge");
  EXPECT_EQ(std::get<Lines>(values.at("fault_status")).size(), 3u);
  EXPECT_TRUE(std::get<bool>(values.at("output_off")));
  EXPECT_TRUE(std::get<bool>(values.at("fault"))) << "the fan";
  EXPECT_TRUE(std::get<bool>(values.at("eeprom_off")));
}

TEST(DecodeTest, LastValueCountsAndWarningsAreNoFaults) {
  const LogValues values = Values(Family::kNpb, {"000C0002#60007714", "000C0002#60007814", "000C0002#4000C000"});
  EXPECT_EQ(Number(values, "dc_voltage_v"), 52.4);
  EXPECT_FALSE(std::get<bool>(values.at("fault"))) << "OP_OFF and HI_TEMP";
}

TEST(DecodeTest, DevicesOwnStepsHoldForTheWholeLog) {
  const LogValues values = Values(Family::kNpb, {"000C0002#60003502", "000C0002#C000560676000000"});
  EXPECT_EQ(Number(values, "dc_voltage_v"), 56.5) << "VOUT 0.1 V";
}

TEST(DecodeTest, WhatItSaysNotToHaveIsInTheUsualSteps) {
  const LogValues values = Values(Family::kNpb, {"000C0002#C000550006000000", "000C0002#50000009"});
  EXPECT_EQ(Number(values, "ac_voltage_v"), 230.4);
  EXPECT_EQ(Number(values, "scaling_ac_voltage_v"), 0);
}

TEST(DecodeTest, HalfATextIsShownAsSuch) {
  EXPECT_EQ(Text(Values(Family::kNpb, {"000C0002#82004E50422D3132"}), "model_first_half"), "NPB-12");
  EXPECT_EQ(Text(Values(Family::kNpb, {"000C0002#830030302D323420"}), "model_second_half"), "00-24");
}

TEST(DecodeTest, OneUnitAtATime) {
  const Lines lines = {"000C0002#60007714", "000C0003#60007814", "000C01FF#000000"};
  const auto both = DecodeLog(Family::kNpb, lines, std::nullopt);
  ASSERT_FALSE(both.ok());
  EXPECT_NE(std::string(both.status().message()).find("units 02, 03: choose one with --set unit="), std::string::npos);
  const LogValues values = Values(Family::kNpb, lines, 3);
  EXPECT_EQ(Number(values, "dc_voltage_v"), 52.4);
  EXPECT_FALSE(std::get<bool>(values.at("operation_on"))) << "written to all units";
  EXPECT_FALSE(DecodeLog(Family::kNpb, lines, 1).ok());
}

TEST(DecodeTest, WhatIsWrongWithAnotherUnitIsNotOurTrouble) {
  for (const char* other : {"000C0002#70000100", "000C0002#6000", "000C0002#60"}) {
    EXPECT_EQ(Number(Values(Family::kNpb, {other, "000C0003#60007814"}, 3), "dc_voltage_v"), 52.4) << other;
  }
  const auto short_of_ours = DecodeLog(Family::kNpb, {"000C0002#60007714", "000C0003#6000"}, 3);
  EXPECT_FALSE(short_of_ours.ok());
}

TEST(DecodeTest, UnknownCommandsAmongOthersStandInTheLogByTheirNumber) {
  const LogValues values =
      Values(Family::kNpb, {"000C0103#7000", "000C0003#70000100", "000C0103#71000100", "000C0003#60007814"});
  EXPECT_EQ(std::get<Lines>(values.at("log")),
            (Lines{"read 0x0070 (unknown)", "0x0070 (unknown)", "write 0x0071 (unknown)", "READ_VOUT 52.4 V"}));
}

struct Bad {
  const char* name;
  Lines lines;
  const char* sentence;
};
class RefusedTest : public testing::TestWithParam<Bad> {};
TEST_P(RefusedTest, WithOneSentence) {
  const auto values = DecodeLog(Family::kNpb, GetParam().lines, std::nullopt);
  ASSERT_FALSE(values.ok());
  EXPECT_NE(std::string(values.status().message()).find(GetParam().sentence), std::string::npos) << values.status();
}
INSTANTIATE_TEST_SUITE_P(
    Refused, RefusedTest,
    testing::Values(
        Bad{"Nothing", {}, "there is no frame in it"}, Bad{"OnlyChatter", {"Z", "S5"}, "there is no frame in it"},
        Bad{"BicFrames", {"000C0205#61006608"}, "these are frames of a BIC-2200"},
        Bad{"Strangers", {"123#00", "18FF50E5#00"}, "no frame of a NPB"},
        Bad{"CutOff", {"000C0002#600077"}, "another length than its command"},
        Bad{"CutOffInALog",
            {"000C0002#60007714", "", "000C0002#6100DE"},
            "line 3: the frame 000C0002#6100DE has another length than its command: READ_IOUT has 2, not 1 bytes"},
        Bad{"GarbageInALog", {"000C0002#60007714", "hello"}, "line 2: \"hello\" is no CAN frame"},
        Bad{"NoValue", {"000C0002#6000FFFF"}, "has no value that READ_VOUT can have"},
        Bad{"Garbage", {"000C0002#60007714", "garbage"}, "\"garbage\" is no CAN frame"},
        Bad{"UnknownReply", {"000C0002#34120000"}, "a command that this device does not know"},
        Bad{"UnknownReplyAndItsQuestion",
            {"000C0102#3412", "000C0002#34120000"},
            "000C0002#34120000 has a command that this device does not know"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace abcds::meanwell
