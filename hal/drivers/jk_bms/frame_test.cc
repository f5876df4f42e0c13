// Finding frames in whatever arrives.
#include "hal/drivers/jk_bms/frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <span>
#include <vector>

#include "hal/drivers/jk_bms/worked_frames.h"

namespace abcds::jk_bms {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes Whole() { return Bytes(std::begin(kEightCells), std::end(kEightCells)); }

Bytes With(size_t at, uint8_t value) {
  Bytes bytes = Whole();
  bytes.at(at) = value;
  return bytes;
}

Bytes Shortened(size_t by) {
  Bytes bytes = Whole();
  bytes.resize(bytes.size() - by);
  return bytes;
}

Bytes Lengthened() {
  Bytes bytes = Whole();
  bytes.push_back(0);
  return bytes;
}

struct CheckCase {
  const char* name;
  Bytes bytes;
  FrameFault want;
};

class CheckFrameTest : public testing::TestWithParam<CheckCase> {};

TEST_P(CheckFrameTest, SaysWhatIsWrong) { EXPECT_EQ(CheckFrame(GetParam().bytes), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    Frames, CheckFrameTest,
    testing::Values(CheckCase{"WorkedExample", Whole(), FrameFault::kNone},
                    CheckCase{"ReadAllRequest", Bytes(kReadAll.begin(), kReadAll.end()), FrameFault::kNone},
                    CheckCase{"WakeRequest", Bytes(kActivate.begin(), kActivate.end()), FrameFault::kNone},
                    CheckCase{"FlippedBitInACellNumber", With(13, 0x41), FrameFault::kBadSum},
                    CheckCase{"FlippedBitInTheSum", With(266, 0x70), FrameFault::kBadSum},
                    CheckCase{"NoEndMarker", With(262, 0x69), FrameFault::kNoEnd},
                    CheckCase{"FillNotZero", With(263, 0x01), FrameFault::kFillNotZero},
                    CheckCase{"OtherStart", With(1, 0x58), FrameFault::kNoStart},
                    CheckCase{"LengthBeyondAnyBoard", With(2, 0x02), FrameFault::kBadLength},
                    CheckCase{"LengthBelowAnyFrame", With(2, 0x00), FrameFault::kBadLength},
                    CheckCase{"LengthOneTooSmall", With(3, 0x08), FrameFault::kTooLong},
                    CheckCase{"LengthOneTooLarge", With(3, 0x0A), FrameFault::kTooShort},
                    CheckCase{"TailCutOff", Shortened(3), FrameFault::kTooShort},
                    CheckCase{"OneByteTooMany", Lengthened(), FrameFault::kTooLong},
                    CheckCase{"Nothing", Bytes(), FrameFault::kTooShort}),
    [](const auto& info) { return info.param.name; });

// How many frames a scanner finds in `bytes` fed in pieces of `chunk`.
size_t FramesFound(const Bytes& bytes, size_t chunk, FrameScanner& scanner) {
  size_t found = 0;
  for (size_t at = 0; at < bytes.size(); at += chunk) {
    scanner.Push(std::span(bytes).subspan(at, std::min(chunk, bytes.size() - at)));
    while (scanner.Next().has_value()) ++found;
  }
  while (scanner.NextOfRest().has_value()) ++found;
  return found;
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct ScanCase {
  const char* name;
  Bytes bytes;
  size_t want;
};

class FrameScannerTest : public testing::TestWithParam<ScanCase> {};

TEST_P(FrameScannerTest, FindsThemInAnyPieces) {
  for (const size_t chunk : {1u, 2u, 3u, 7u, 64u, 512u, 2000u}) {
    FrameScanner scanner;
    EXPECT_EQ(FramesFound(GetParam().bytes, chunk, scanner), GetParam().want) << "in pieces of " << chunk;
    EXPECT_FALSE(scanner.pending());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Streams, FrameScannerTest,
    testing::Values(ScanCase{"One", Whole(), 1}, ScanCase{"TwoWithoutAGap", Whole() + Whole(), 2},
                    ScanCase{"NoiseInFront", Bytes{0xFF, 0x00, 0xDF, 0x4E, 0x4E} + Whole(), 1},
                    ScanCase{"EchoInFront", Bytes(kReadAll.begin(), kReadAll.end()) + Whole(), 2},
                    ScanCase{"AGoodOneInsideADamagedOne", Shortened(200) + Whole(), 1},
                    ScanCase{"AGoodOneBehindAWrongSum", With(30, 0xFF) + Whole(), 1},
                    ScanCase{"AFalseStartThatSwallowsTheGoodOne", Bytes{0x4E, 0x57, 0x01, 0x8F} + Whole(), 1},
                    ScanCase{"TailCutOff", Shortened(2), 0}, ScanCase{"OnlyNoise", Bytes(700, 0x4E), 0}),
    [](const auto& info) { return info.param.name; });

TEST(FrameScanner, CountsDamage) {
  FrameScanner scanner;
  EXPECT_EQ(FramesFound(With(30, 0xFF), 300, scanner), 0u);
  EXPECT_EQ(scanner.bad_sums(), 1u);
  EXPECT_GE(scanner.damaged(), 1u);
  EXPECT_EQ(scanner.skipped(), Whole().size());
}

TEST(FrameScanner, StaysBoundedUnderAFloodOfStarts) {
  FrameScanner scanner;
  std::mt19937_64 random(7);
  const Bytes starts = {0x4E, 0x57, 0x01, 0x90};
  for (int i = 0; i < 20'000; ++i) {
    Bytes bytes = random() % 3 == 0 ? starts : Bytes(random() % 40, static_cast<uint8_t>(random()));
    scanner.Push(bytes);
    while (scanner.Next().has_value()) {
    }
  }
  scanner.Clear();
  EXPECT_EQ(FramesFound(Whole(), 16, scanner), 1u);
}

}  // namespace
}  // namespace abcds::jk_bms
