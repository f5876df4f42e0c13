// How often damage passes for a reply: millions of damaged frames, offline. The sum is the weak link (two errors that
// cancel pass it); what stands behind it must let nothing through that a controller would act on.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>

#include "hal/drivers/jk_bms/frame.h"
#include "hal/drivers/jk_bms/sample_judge.h"
#include "hal/drivers/jk_bms/wire_bench.h"

namespace abcds::jk_bms {
namespace {

using Random = std::mt19937_64;

void TurnBit(Bytes& frame, size_t at, unsigned bit) { frame[at] ^= static_cast<uint8_t>(1u << bit); }
void Replace(Bytes& frame, size_t at, Random& random) {
  frame[at] = static_cast<uint8_t>(frame[at] + 1 + random() % 255);
}

struct Damage {
  const char* name;
  int frames;  // drawn
  void (*apply)(Bytes& frame, Random& random);
};

class DamageTest : public testing::TestWithParam<Damage> {};

// By more than a controller's limits have in reserve. The current may be anything that a load can be.
bool IsWrong(const Status& status, const Status& truth) {
  for (size_t i = 0; i < truth.cells; ++i) {
    if (std::abs(status.cell_mv[i] - truth.cell_mv[i]) > 130) return true;
  }
  const auto far = [](const std::optional<Celsius>& a, const std::optional<Celsius>& b) {
    return a.has_value() != b.has_value() || (a.has_value() && Magnitude(*a - *b) > Celsius(8));
  };
  return status.cells != truth.cells || Magnitude(status.voltage - truth.voltage) > Volts(0.25) ||
         std::abs(status.soc_percent - truth.soc_percent) > 2 ||
         far(status.battery_temperature, truth.battery_temperature) ||
         far(status.box_temperature, truth.box_temperature) || (ChargeAllowed(status) && !ChargeAllowed(truth)) ||
         (DischargeAllowed(status) && !DischargeAllowed(truth)) ||
         status.charge_overcurrent_a != truth.charge_overcurrent_a || status.capacity_ah != truth.capacity_ah;
}

// The worst case: a line that has been in good order, so that nothing is doubted yet.
TEST_P(DamageTest, PassesTheSumAndHardlyEverWhatStandsBehindIt) {
  Random random(20261122);
  const Bytes sent = Reply(Pack());
  Status truth;
  ASSERT_EQ(DecodeStatus(sent, {}, truth), DecodeResult::kOk);
  const MonotonicTime start(std::chrono::hours(1));
  SampleJudge quiet;
  ASSERT_FALSE(quiet.Believe(truth, start));
  ASSERT_TRUE(quiet.Believe(truth, start + std::chrono::milliseconds(100)));
  const MonotonicTime now = start + std::chrono::seconds(1);

  int whole = 0;
  int decoded = 0;
  int plausible = 0;
  int believed = 0;
  int wrong = 0;
  for (int i = 0; i < GetParam().frames; ++i) {
    Bytes frame = sent;
    GetParam().apply(frame, random);
    if (frame == sent || CheckFrame(frame) != FrameFault::kNone) continue;
    ++whole;
    Status status;
    if (DecodeStatus(frame, {}, status) != DecodeResult::kOk) continue;
    ++decoded;
    if (!IsPlausible(status)) continue;
    ++plausible;
    SampleJudge judge = quiet;
    if (!judge.Believe(status, now)) continue;
    ++believed;
    wrong += IsWrong(status, truth) ? 1 : 0;
  }
  std::printf(
      "%s: %d damaged frames: %d pass the sum, %d the structure, %d are plausible, %d believed, %d of them wrong\n",
      GetParam().name, GetParam().frames, whole, decoded, plausible, believed, wrong);
  EXPECT_GT(whole, 0) << "or the test shows nothing";
  // What is left: two cells that lie by the same amount in opposite directions. It lasts until the next reply.
  EXPECT_LE(wrong, whole / 2000);
}

INSTANTIATE_TEST_SUITE_P(Lines, DamageTest,
                         testing::Values(Damage{"TwoBitsTurned", 1'000'000,
                                                [](Bytes& frame, Random& random) {
                                                  for (int i = 0; i < 2; ++i)
                                                    TurnBit(frame, random() % frame.size(), random() % 8);
                                                }},
                                         Damage{"TheSameBitInTwoBytes", 300'000,
                                                [](Bytes& frame, Random& random) {
                                                  const unsigned bit = random() % 8;
                                                  for (int i = 0; i < 2; ++i)
                                                    TurnBit(frame, random() % frame.size(), bit);
                                                }},
                                         Damage{"TheSameBitInTwoNeighbours", 1'000'000,
                                                [](Bytes& frame, Random& random) {
                                                  const size_t at = random() % (frame.size() - 1);
                                                  const unsigned bit = random() % 8;
                                                  TurnBit(frame, at, bit);
                                                  TurnBit(frame, at + 1, bit);
                                                }},
                                         Damage{"TwoBytesReplaced", 1'500'000,
                                                [](Bytes& frame, Random& random) {
                                                  for (int i = 0; i < 2; ++i)
                                                    Replace(frame, random() % frame.size(), random);
                                                }},
                                         Damage{"BurstOfFourBytes", 1'000'000,
                                                [](Bytes& frame, Random& random) {
                                                  const size_t at = random() % (frame.size() - 3);
                                                  for (size_t i = 0; i < 4; ++i) Replace(frame, at + i, random);
                                                }},
                                         Damage{"FivePercentOfTheBytes", 500'000,
                                                [](Bytes& frame, Random& random) {
                                                  for (size_t at = 0; at < frame.size(); ++at) {
                                                    if (random() % 20 == 0) Replace(frame, at, random);
                                                  }
                                                }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace abcds::jk_bms
