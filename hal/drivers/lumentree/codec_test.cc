#include "hal/drivers/lumentree/codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace abcds::lumentree {
namespace {

std::vector<uint8_t> Hex(const std::string& text) {
  std::istringstream words(text);
  std::vector<uint8_t> bytes;
  for (std::string word; words >> word;) bytes.push_back(static_cast<uint8_t>(std::stoi(word, nullptr, 16)));
  return bytes;
}

struct FrameCase {
  const char* name;
  const char* request;  // empty: not recorded
  const char* reply;
  const char* key;  // empty: refused
  double value;
  const char* sentence;  // part of it
};

class DecodeFrameTest : public testing::TestWithParam<FrameCase> {};

TEST_P(DecodeFrameTest, SaysWhatTheFrameSays) {
  const FrameCase& c = GetParam();
  const std::vector<uint8_t> request = Hex(c.request);
  const std::vector<uint8_t> reply = Hex(c.reply);
  const auto values =
      DecodeFrame(request.empty() ? std::nullopt : std::optional<std::span<const uint8_t>>(request), reply);
  if (*c.key == '\0') {
    ASSERT_FALSE(values.ok());
    EXPECT_NE(std::string(values.status().message()).find(c.sentence), std::string::npos) << values.status();
    return;
  }
  ASSERT_TRUE(values.ok()) << values.status();
  ASSERT_EQ(values->size(), 1u);
  EXPECT_EQ(values->begin()->first, c.key);
  EXPECT_EQ(values->begin()->second, c.value);
}

// Good frames with checksums that were computed apart from this code.
constexpr char kReadPower[] = "01 03 00 6B 00 01 F5 D6";
constexpr char kReadDcVoltage[] = "01 03 00 6D 00 01 15 D7";
INSTANTIATE_TEST_SUITE_P(
    Frames, DecodeFrameTest,
    testing::Values(
        FrameCase{"Set350W", "01 10 00 28 00 01 02 01 5E 20 10", "01 10 00 28 00 01 81 C1", "setpoint_w", -350, ""},
        FrameCase{"Set0W", "01 10 00 28 00 01 02 00 00 A0 78", "01 10 00 28 00 01 81 C1", "setpoint_w", 0, ""},
        FrameCase{"DcVoltage", kReadDcVoltage, "01 03 02 02 0B F8 E3", "dc_voltage_v", 52.3, ""},
        FrameCase{"DischargingIsNegative", kReadPower, "01 03 02 0D 96 3C BA", "power_w", -347.8, ""},
        FrameCase{"AcVoltage", "01 03 00 46 00 01 65 DF", "01 03 02 09 0D 7F D1", "ac_voltage_v", 231.7, ""},
        FrameCase{"Temperature", "01 03 00 5E 00 01 E5 D8", "01 03 02 01 3F F9 C4", "temperature_c", 31.9, ""},
        FrameCase{"OneStrayByteBehindIsAccepted", kReadPower, "01 03 02 0D 96 3C BA 00", "power_w", -347.8, ""},
        FrameCase{"WriteWithoutItsRequestTellsTheRegister", "", "01 10 00 28 00 01 81 C1", "acknowledged_register", 40,
                  ""},
        FrameCase{"ReadWithoutItsRequestTellsNothing", "", "01 03 02 0D 96 3C BA", "", 0, "give the request"},
        FrameCase{"IllegalAddress", kReadPower, "01 83 02 C0 F1", "", 0, "exception 2, illegal data address"},
        FrameCase{"IllegalValueWithoutRequest", "", "01 90 03 0C 01", "", 0, "exception 3, illegal data value"},
        FrameCase{"WrongChecksum", kReadPower, "01 03 02 0D 96 3C BB", "", 0, "checksum"},
        FrameCase{"WrongChecksumOfTheRequest", "01 03 00 6B 00 01 F5 D7", "01 03 02 0D 96 3C BA", "", 0,
                  "request's checksum"},
        FrameCase{"Truncated", kReadPower, "01 03 02 0D 96 3C", "", 0, "truncated"},
        FrameCase{"TruncatedRequest", "01 03 00 6B 00 01 F5", "01 03 02 0D 96 3C BA", "", 0, "8 is the least"},
        FrameCase{"Empty", kReadPower, "", "", 0, "0 bytes"},
        FrameCase{"AnotherUnit", kReadPower, "02 03 02 0D 96 78 BA", "", 0, "another request"},
        FrameCase{"AnswerToTheOtherFunction", kReadPower, "01 10 00 28 00 01 81 C1", "", 0, "another request"},
        FrameCase{"Echo", kReadPower, kReadPower, "", 0, "local echo"},
        FrameCase{"TwoFramesAtOnce", kReadPower, "01 03 02 0D 96 3C BA 01 03 02 0D 96 3C BA", "", 0, "7 stray bytes"},
        // 100 V.
        FrameCase{"ImplausibleBatteryVoltage", kReadDcVoltage, "01 03 02 03 E8 B8 FA", "", 0,
                  "no plausible battery voltage"},
        FrameCase{"UnknownRegister", "01 03 00 01 00 01 D5 CA", "01 03 02 03 E8 B8 FA", "", 0, "register 1 is none"}),
    [](const auto& info) { return info.param.name; });

TEST(DecodeFrameTest, EverySequenceGetsAnAnswer) {
  // Every truncation and every single flipped bit of a good pair: never a crash, never a wrong value.
  const std::vector<uint8_t> request = Hex(kReadPower);
  const std::vector<uint8_t> reply = Hex("01 03 02 0D 96 3C BA");
  for (size_t size = 0; size < reply.size(); ++size) {
    EXPECT_FALSE(DecodeFrame(request, std::span(reply).first(size)).ok()) << size;
    EXPECT_FALSE(DecodeFrame(std::nullopt, std::span(reply).first(size)).ok()) << size;
  }
  for (size_t bit = 0; bit < 8 * reply.size(); ++bit) {
    std::vector<uint8_t> flipped = reply;
    flipped[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    EXPECT_FALSE(DecodeFrame(request, flipped).ok()) << bit;
    EXPECT_FALSE(DecodeFrame(std::nullopt, flipped).ok()) << bit;
  }
  for (size_t bit = 0; bit < 8 * request.size(); ++bit) {
    std::vector<uint8_t> flipped = request;
    flipped[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    EXPECT_FALSE(DecodeFrame(flipped, reply).ok()) << bit;
  }
}

struct SetpointCase {
  const char* name;
  double power_w;  // + charges
  double max_discharge_w;
  uint16_t raw;
};

class EncodeSetpointTest : public testing::TestWithParam<SetpointCase> {};

TEST_P(EncodeSetpointTest, IsWholeWattsWithinTheLimit) {
  EXPECT_EQ(EncodeSetpoint(Watts(GetParam().power_w), Watts(GetParam().max_discharge_w)), GetParam().raw);
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();
INSTANTIATE_TEST_SUITE_P(Setpoints, EncodeSetpointTest,
                         testing::Values(SetpointCase{"Discharging", -350, 600, 350},
                                         SetpointCase{"RoundsDown", -350.4, 600, 350},
                                         SetpointCase{"RoundsUp", -349.6, 600, 350}, SetpointCase{"Zero", 0, 600, 0},
                                         SetpointCase{"ChargingIsZero", 200, 600, 0},
                                         SetpointCase{"Saturates", -900, 600, 600},
                                         SetpointCase{"NeverRoundsBeyondTheLimit", -900, 399.7, 399},
                                         SetpointCase{"NoPowerAvailable", -300, 0, 0},
                                         SetpointCase{"NotANumberIsZero", std::nan(""), 600, 0},
                                         SetpointCase{"InfinityIsTheLimit", -kInfinity, 600, 600}),
                         [](const auto& info) { return info.param.name; });

TEST(CodecTest, PlausibilityOfReadings) {
  Watts power(-1);
  EXPECT_TRUE(DecodeAcPower(7800, Watts(600), power));
  EXPECT_EQ(power, Watts(-780));
  EXPECT_FALSE(DecodeAcPower(7801, Watts(600), power)) << "more than 1.3 times the rating";
  EXPECT_EQ(power, Watts(-780)) << "untouched";
  EXPECT_TRUE(DecodeAcPower(0, Watts(600), power));
  EXPECT_FALSE(std::signbit(power.value())) << "no -0";

  Volts voltage;
  EXPECT_TRUE(DecodeDcVoltage(3, voltage)) << "no battery";
  EXPECT_FALSE(DecodeDcVoltage(30, voltage)) << "neither a battery nor none";
  EXPECT_TRUE(DecodeDcVoltage(50, voltage));
  EXPECT_TRUE(DecodeDcVoltage(800, voltage));
  EXPECT_FALSE(DecodeDcVoltage(801, voltage));
  EXPECT_TRUE(DecodeAcVoltage(2317, voltage));
  EXPECT_FALSE(DecodeAcVoltage(3001, voltage));

  Celsius temperature;
  EXPECT_TRUE(DecodeTemperature(0xFF9C, temperature));
  EXPECT_EQ(temperature, Celsius(-10));
  EXPECT_FALSE(DecodeTemperature(1251, temperature));
  EXPECT_FALSE(DecodeTemperature(0xFE6F, temperature)) << "-40.1 °C";
}

TEST(CodecTest, HeatDeratesLinearly) {
  const Traits& traits = TraitsOf(Model::k600);
  EXPECT_EQ(AvailablePower(traits, std::nullopt), Watts(600));
  EXPECT_EQ(AvailablePower(traits, Celsius(20)), Watts(600));
  EXPECT_EQ(AvailablePower(traits, Celsius(75)), Watts(600));
  EXPECT_EQ(AvailablePower(traits, Celsius(82.5)), Watts(300));
  EXPECT_EQ(AvailablePower(traits, Celsius(90)), Watts(0));
  EXPECT_EQ(AvailablePower(traits, Celsius(120)), Watts(0));
}

TEST(CodecTest, EachModelHasItsLimits) {
  EXPECT_EQ(TraitsOf(Model::k600).max_power, Watts(600));
  EXPECT_EQ(TraitsOf(Model::k1000).max_power, Watts(1000));
  EXPECT_EQ(TraitsOf(Model::k2000).max_power, Watts(2000));
  EXPECT_EQ(TraitsOf(Model::k2000).min_power, Watts(75));
}

}  // namespace
}  // namespace abcds::lumentree
