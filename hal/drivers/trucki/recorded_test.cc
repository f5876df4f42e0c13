#include "hal/drivers/trucki/recorded.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace abcds::trucki {
namespace {

std::vector<uint8_t> Hex(const std::string& text) {
  std::istringstream words(text);
  std::vector<uint8_t> bytes;
  for (std::string word; words >> word;) bytes.push_back(static_cast<uint8_t>(std::stoi(word, nullptr, 16)));
  return bytes;
}

absl::StatusOr<std::map<std::string, double>> Decode(const std::vector<uint8_t>& request,
                                                     const std::vector<uint8_t>& reply) {
  return DecodeFrame(request.empty() ? std::nullopt : std::optional<std::span<const uint8_t>>(request), reply);
}

struct FrameCase {
  const char* name;
  const char* request;  // empty: not recorded
  const char* reply;
  std::map<std::string, double> values;  // empty: refused
  const char* sentence;                  // part of it
};

class DecodeFrameTest : public testing::TestWithParam<FrameCase> {};

TEST_P(DecodeFrameTest, SaysWhatTheFrameSays) {
  const FrameCase& c = GetParam();
  const auto values = Decode(Hex(c.request), Hex(c.reply));
  if (c.values.empty()) {
    ASSERT_FALSE(values.ok());
    EXPECT_NE(std::string(values.status().message()).find(c.sentence), std::string::npos) << values.status();
    return;
  }
  ASSERT_TRUE(values.ok()) << values.status();
  ASSERT_EQ(values->size(), c.values.size());
  for (const auto& [name, value] : c.values) {
    ASSERT_TRUE(values->contains(name)) << name;
    EXPECT_NEAR(values->at(name), value, 1e-9) << name;
  }
}

// Good frames with checksums that were computed apart from this code.
constexpr char kSet420[] = "03 10 00 00 00 01 02 10 68 B3 1E";
constexpr char kSet420WithSix[] = "03 06 00 00 10 68 84 06";
constexpr char kReadAll[] = "03 03 00 00 00 08 45 EE";
constexpr char kAll[] = "03 03 10 10 68 10 5B 09 07 02 0B 3B 6A 00 00 10 68 00 26 6B FD";
constexpr char kReadSixWithFour[] = "03 04 00 00 00 06 71 EA";
constexpr char kSixWithFour[] = "03 04 0C 10 68 10 5B 09 07 02 0B 3B 6A 00 00 B3 3F";
constexpr char kTelegram[] = "10 10 00 00 00 09 12 0C 30 0C 4E 09 18 01 F2 2B 0C 00 00 00 29 00 00 42 52 86 D0";

const std::map<std::string, double> kSixValues = {{"setpoint_w", -420},   {"power_w", -418.7}, {"ac_voltage_v", 231.1},
                                                  {"dc_voltage_v", 52.3}, {"dac", 15210},      {"calibration_step", 0}};
const std::map<std::string, double> kAllValues = {
    {"setpoint_w", -420}, {"power_w", -418.7},     {"ac_voltage_v", 231.1},     {"dc_voltage_v", 52.3},
    {"dac", 15210},       {"calibration_step", 0}, {"setpoint_mirror_w", -420}, {"temperature_c", 38}};

INSTANTIATE_TEST_SUITE_P(
    Frames, DecodeFrameTest,
    testing::Values(
        FrameCase{"SetWithFunction16", kSet420, "03 10 00 00 00 01 00 2B", {{"setpoint_w", -420}}, ""},
        FrameCase{"SetWithFunction6", kSet420WithSix, kSet420WithSix, {{"setpoint_w", -420}}, ""},
        FrameCase{"Function6TellsItsValueByItself", "", kSet420WithSix, {{"setpoint_w", -420}}, ""},
        FrameCase{"AllRegisters", kReadAll, kAll, kAllValues, ""},
        FrameCase{"SixRegistersWithFunction4", kReadSixWithFour, kSixWithFour, kSixValues, ""},
        FrameCase{"OneStrayByteBehindIsAccepted", kReadSixWithFour,
                  "03 04 0C 10 68 10 5B 09 07 02 0B 3B 6A 00 00 B3 3F 00", kSixValues, ""},
        FrameCase{"Telegram",
                  "",
                  kTelegram,
                  {{"power_w", -312},
                   {"setpoint_w", -315},
                   {"ac_voltage_v", 232.8},
                   {"dc_voltage_v", 49.8},
                   {"dac", 11020},
                   {"calibration_step", 0},
                   {"temperature_c", 41},
                   {"meter_power_w", 52.5}},
                  ""},
        FrameCase{"CalibrationIsShown", "", "03 06 00 05 00 01 59 E9", {{"calibration_step", 1}}, ""},
        FrameCase{"WriteWithoutItsRequestTellsTheRegister",
                  "",
                  "03 10 00 00 00 01 00 2B",
                  {{"acknowledged_register", 0}},
                  ""},
        FrameCase{"AllRegistersSayWhichTheyAre", "", kAll, kAllValues, ""},
        FrameCase{"OtherReadsWithoutTheirRequestTellNothing", "", kSixWithFour, {}, "give the request"},
        FrameCase{
            "WrongChecksum", kReadSixWithFour, "03 04 0C 10 68 10 5B 09 07 02 0B 3B 6A 00 00 B3 3E", {}, "checksum"},
        FrameCase{"WrongChecksumOfTheTelegram",
                  "",
                  "10 10 00 00 00 09 12 0C 30 0C 4E 09 18 01 F2 2B 0C 00 00 00 29 00 00 42 52 86 D1",
                  {},
                  "telegram's checksum"},
        FrameCase{"WrongChecksumOfFunction6", "", "03 06 00 00 10 68 84 07", {}, "checksum"},
        FrameCase{"Function6Truncated", "", "03 06 00 00 10 68 84", {}, "7 bytes"},
        FrameCase{"Function6OfAnotherRequest", "03 06 00 00 10 69 45 C6", kSet420WithSix, {}, "another request"},
        FrameCase{"AnswerToTheOtherReadFunction", kReadAll, kSixWithFour, {}, "another request"},
        FrameCase{"Truncated", kReadAll, "03 03 10 10 68 10 5B 09 07 02 0B 3B 6A 00 00 10 68 00 26 6B", {}, ""},
        FrameCase{"Empty", kReadAll, "", {}, "0 bytes"}),
    [](const auto& info) { return info.param.name; });

TEST(DecodeFrameTest, EveryTruncationAndEveryFlippedBitIsRefused) {
  struct Pair {
    std::vector<uint8_t> request;
    std::vector<uint8_t> reply;
  };
  const Pair pairs[] = {{Hex(kReadAll), Hex(kAll)},
                        {Hex(kReadSixWithFour), Hex(kSixWithFour)},
                        {Hex(kSet420WithSix), Hex(kSet420WithSix)},
                        {{}, Hex(kTelegram)}};
  for (const Pair& pair : pairs) {
    ASSERT_TRUE(Decode(pair.request, pair.reply).ok());
    for (size_t size = 0; size < pair.reply.size(); ++size) {
      const std::vector<uint8_t> cut(pair.reply.begin(), pair.reply.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(Decode(pair.request, cut).ok()) << size;
      EXPECT_FALSE(Decode({}, cut).ok()) << size;
    }
    for (size_t bit = 0; bit < 8 * pair.reply.size(); ++bit) {
      std::vector<uint8_t> flipped = pair.reply;
      flipped[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
      EXPECT_FALSE(Decode(pair.request, flipped).ok()) << bit;
      EXPECT_FALSE(Decode({}, flipped).ok()) << bit;
    }
  }
}

}  // namespace
}  // namespace abcds::trucki
