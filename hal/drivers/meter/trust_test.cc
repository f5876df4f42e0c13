#include "hal/drivers/meter/trust.h"

#include <vector>

#include "gtest/gtest.h"

namespace abcds {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime kStart = MonotonicTime(seconds(1000));
constexpr Lifecycle kConnecting = Lifecycle::kConnecting;
constexpr Lifecycle kInactive = Lifecycle::kInactive;
constexpr Lifecycle kActive = Lifecycle::kActive;

struct Case {
  const char* name;
  std::vector<int> values_ms;  // arrivals after the link came about at 0
  int timer_ms;                // when the timer is looked at last
  Lifecycle want;
  uint64_t losses;
};

class TrustTest : public testing::TestWithParam<Case> {};

TEST_P(TrustTest, ComesAndGoes) {
  MeterTrust trust(seconds(1));
  trust.OnLink();
  for (const int at : GetParam().values_ms) trust.OnValue(Watts(at), kStart + milliseconds(at));
  const MonotonicTime end = kStart + milliseconds(GetParam().timer_ms);
  if (trust.NextDue() <= end) trust.OnTime(end);
  EXPECT_EQ(static_cast<int>(trust.state().lifecycle), static_cast<int>(GetParam().want));
  EXPECT_EQ(trust.state().sequence, GetParam().values_ms.size());
  EXPECT_EQ(trust.losses(), GetParam().losses);
}

// T = 1 s: silence after 3 s, bursts below 333 ms, trust from 500 ms.
// clang-format off
INSTANTIATE_TEST_SUITE_P(Values, TrustTest, testing::Values(
    //   name                            values                      timer  want       losses
    Case{"ALinkIsNoTrust",               {},                         9000,  kInactive, 0},
    Case{"OneValueIsNotEnough",          {0},                        100,   kInactive, 0},
    Case{"HalfAnIntervalIs",             {0, 500},                   600,   kActive,   0},
    Case{"JustBelowIsNot",               {0, 499},                   600,   kInactive, 0},
    Case{"ThreeSecondsAreNoSilence",     {0, 1000},                  4000,  kActive,   0},
    Case{"LongerIs",                     {0, 1000},                  4001,  kInactive, 1},
    Case{"OneValueAfterSilenceIsNoTrust", {0, 1000, 5000},           5000,  kInactive, 1},
    Case{"TwoAre",                       {0, 1000, 5000, 6000},      6000,  kActive,   1},
    Case{"TwoCloseOnesAreTolerated",     {0, 1000, 1100, 1200},      1200,  kActive,   0},
    Case{"ThreeAreABurst",               {0, 1000, 1100, 1200, 1300}, 1300, kInactive, 1}),
    [](const auto& info) { return info.param.name; });
// clang-format on

TEST(Trust, ALostLinkEndsIt) {
  MeterTrust trust(seconds(1));
  EXPECT_EQ(trust.state().lifecycle, kConnecting);
  trust.OnLink();
  trust.OnValue(Watts(5), kStart);
  trust.OnValue(Watts(6), kStart + seconds(1));
  trust.OnLinkLost();
  EXPECT_EQ(trust.state().lifecycle, kConnecting);
  EXPECT_EQ(trust.losses(), 1u);
  EXPECT_FALSE(trust.heard());
  EXPECT_EQ(trust.state().power.value, Watts(6));  // still told
  EXPECT_EQ(trust.NextDue(), MonotonicTime::max());
}

TEST(Trust, SilenceFollowsTheInterval) {
  EXPECT_EQ(MeterTrust(milliseconds(200)).silence(), seconds(3));
  EXPECT_EQ(MeterTrust(seconds(10)).silence(), seconds(30));
}

}  // namespace
}  // namespace abcds
