#include "hal/transport/slcan_codec.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace abcds {
namespace {

using Kind = SlcanEvent::Kind;

CanFrame Extended(uint32_t id, std::vector<uint8_t> data) {
  CanFrame frame{.id = id, .extended = true, .remote = false, .size = static_cast<uint8_t>(data.size()), .data = {}};
  std::copy(data.begin(), data.end(), frame.data.begin());
  return frame;
}
CanFrame Standard(uint32_t id, std::vector<uint8_t> data) {
  CanFrame frame = Extended(id, std::move(data));
  frame.extended = false;
  return frame;
}
CanFrame Remote(uint32_t id, bool extended, uint8_t size) {
  return {.id = id, .extended = extended, .remote = true, .size = size, .data = {}};
}

std::vector<SlcanEvent> Parse(SlcanParser& parser, std::string_view bytes) {
  std::vector<SlcanEvent> events;
  for (const char byte : bytes) {
    if (const auto event = parser.Push(static_cast<uint8_t>(byte))) events.push_back(*event);
  }
  return events;
}

struct EncodeCase {
  const char* name;
  CanFrame frame;
  const char* line;
};
class EncodeSlcanTest : public testing::TestWithParam<EncodeCase> {};

TEST_P(EncodeSlcanTest, GivesTheLine) {
  const SlcanLine line = EncodeSlcan(GetParam().frame);
  EXPECT_EQ(std::string(line.bytes().begin(), line.bytes().end()), GetParam().line);
}

// The first two are the request and the write of a Mean Well unit at address 2.
INSTANTIATE_TEST_SUITE_P(
    Frames, EncodeSlcanTest,
    testing::Values(EncodeCase{"RequestOfTwoBytes", Extended(0x000C0102, {0x60, 0x00}), "T000C010226000\r"},
                    EncodeCase{"WriteOfFourBytes", Extended(0x000C0102, {0x20, 0x00, 0x90, 0x15}), "T000C0102420009015\r"},
                    EncodeCase{"LongestFrame", Extended(0x1FFFFFFF, {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF}),
                               "T1FFFFFFF80123456789ABCDEF\r"},
                    EncodeCase{"StandardIdentifierHasThreeDigits", Standard(0x7FF, {0xA5}), "t7FF1A5\r"},
                    EncodeCase{"NoData", Standard(0x001, {}), "t0010\r"},
                    EncodeCase{"RemoteFrameHasASizeAndNoData", Remote(0x123, false, 4), "r1234\r"},
                    EncodeCase{"ExtendedRemoteFrame", Remote(0x000C0102, true, 8), "R000C01028\r"}),
    [](const auto& info) { return info.param.name; });

struct FrameCase {
  const char* name;
  const char* line;
  CanFrame frame;
};
class SlcanFrameTest : public testing::TestWithParam<FrameCase> {};

TEST_P(SlcanFrameTest, IsUnderstood) {
  SlcanParser parser;
  const std::vector<SlcanEvent> events = Parse(parser, GetParam().line);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind, Kind::kFrame);
  EXPECT_EQ(events[0].frame, GetParam().frame);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, SlcanFrameTest,
    testing::Values(FrameCase{"Answer", "T000C0002460007714\r", Extended(0x000C0002, {0x60, 0x00, 0x77, 0x14})},
                    FrameCase{"LowerCaseDigits", "T000c00021af\r", Extended(0x000C0002, {0xAF})},
                    FrameCase{"WithTime", "T000C000246000771412AF\r", Extended(0x000C0002, {0x60, 0x00, 0x77, 0x14})},
                    FrameCase{"NoDataWithTime", "t12300042\r", Standard(0x123, {})},
                    FrameCase{"Standard", "t7FF80011223344556677\r",
                              Standard(0x7FF, {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77})},
                    FrameCase{"RemoteFrame", "r1238\r", Remote(0x123, false, 8)},
                    FrameCase{"ExtendedRemoteFrameWithTime", "R1FFFFFFF2EA5F\r", Remote(0x1FFFFFFF, true, 2)}),
    [](const auto& info) { return info.param.name; });

struct EventCase {
  const char* name;
  std::string_view bytes;
  std::vector<Kind> kinds;
};
class SlcanParserTest : public testing::TestWithParam<EventCase> {};

TEST_P(SlcanParserTest, TellsTheLinesApart) {
  SlcanParser parser;
  std::vector<Kind> kinds;
  for (const SlcanEvent& event : Parse(parser, GetParam().bytes)) kinds.push_back(event.kind);
  EXPECT_EQ(kinds, GetParam().kinds);
}

INSTANTIATE_TEST_SUITE_P(
    Streams, SlcanParserTest,
    testing::Values(
        EventCase{"FrameTakenForSending", "Z\r", {Kind::kSent}},
        EventCase{"StandardFrameTakenForSending", "z\r", {Kind::kSent}},
        EventCase{"CommandObeyed", "\r", {Kind::kDone}},
        EventCase{"CommandRefused", "\a", {Kind::kRefused}},
        EventCase{"AnswersToQuestions", "V1013\rv0107\rNFFFF\rF84\r", {Kind::kOther, Kind::kOther, Kind::kOther, Kind::kOther}},
        EventCase{"TwoLinesInOneRead", "Z\rT000C000220060\r", {Kind::kSent, Kind::kFrame}},
        EventCase{"AnswerBeforeItsAcknowledgement", "T000C000220060\rZ\r", {Kind::kFrame, Kind::kSent}},
        // What was lost costs only itself.
        EventCase{"SecondHalfOfALineIsLost", "T000C00T000C000220060\r", {Kind::kGarbled, Kind::kFrame}},
        EventCase{"FirstHalfOfALineIsLost", "0220060\rT000C000220060\r", {Kind::kGarbled, Kind::kFrame}},
        EventCase{"EndOfALineIsLostBeforeAnAcknowledgement", "T000C000220Z\r", {Kind::kGarbled, Kind::kSent}},
        EventCase{"RefusalInTheMiddleOfALine", "T000C\aZ\r", {Kind::kRefused, Kind::kSent}},
        EventCase{"NoiseThatNeverEnds", "0000000000000000000000000000000000000000T000C000220060\r",
                  {Kind::kGarbled, Kind::kFrame}},
        EventCase{"LineThatIsTooLong", "T000C0002811223344556677880000FF\r", {Kind::kGarbled}},
        EventCase{"OneDigitTooFew", "T000C000246000771\r", {Kind::kGarbled}},
        EventCase{"OneDigitTooMany", "T000C00024600077141\r", {Kind::kGarbled}},
        EventCase{"NoHexadecimalDigit", "T000C00022X060\r", {Kind::kGarbled}},
        EventCase{"MoreThanEightBytes", "T000C00029000000000000000000\r", {Kind::kGarbled}},
        EventCase{"IdentifierOfThirtyBits", "T2000000020060\r", {Kind::kGarbled}},
        EventCase{"StandardIdentifierOfTwelveBits", "t8000\r", {Kind::kGarbled}},
        EventCase{"AcknowledgementWithATail", "Z1\r", {Kind::kGarbled}},
        EventCase{"BytesOfAnotherProtocol", std::string_view("\x00\xff\x03\r", 4), {Kind::kGarbled}}),
    [](const auto& info) { return info.param.name; });

TEST(SlcanParser, IsInStepAgainAfterAnyNoise) {
  std::mt19937_64 random(1);
  constexpr std::string_view kAlphabet = "TtRrZzFVNv0123456789ABCDEFabcdef\r\a\n X\xff";
  for (int round = 0; round < 20'000; ++round) {
    SlcanParser parser;
    std::string noise;
    for (uint64_t i = random() % 80; i > 0; --i) noise += kAlphabet[random() % kAlphabet.size()];
    SCOPED_TRACE(noise);
    Parse(parser, noise);
    const std::vector<SlcanEvent> events = Parse(parser, "T000C000220060\r");
    ASSERT_FALSE(events.empty());
    ASSERT_EQ(events.back().kind, Kind::kFrame);
    ASSERT_EQ(events.back().frame, Extended(0x000C0002, {0x00, 0x60}));
  }
}

TEST(SlcanRateDigit, KnowsTheRatesOfTheProtocol) {
  EXPECT_EQ(SlcanRateDigit(125'000), '4');
  EXPECT_EQ(SlcanRateDigit(250'000), '5');
  EXPECT_EQ(SlcanRateDigit(500'000), '6');
  EXPECT_EQ(SlcanRateDigit(1'000'000), '8');
  EXPECT_EQ(SlcanRateDigit(83'333), std::nullopt);
}

}  // namespace
}  // namespace abcds
