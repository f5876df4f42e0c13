#include "hal/drivers/meanwell/hail.h"

#include <gtest/gtest.h>

#include <vector>

namespace abcds::meanwell {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;

constexpr MonotonicTime kNow(1000s);

// Calls and is not answered for so long; the moments at which the device was told to be off.
std::vector<MonotonicTime> ToldOff(Hail& hail, bool insist, Nanoseconds length, MonotonicTime from = kNow) {
  std::vector<MonotonicTime> told;
  while (hail.at() < from + length) {
    const MonotonicTime now = hail.at();
    if (hail.tells_off()) {
      hail.OnToldOff(now);
      told.push_back(now);
    }
    hail.OnSilence(insist, now);
  }
  return told;
}

TEST(HailTest, ADeviceThatWasNeverHeardIsAskedFirstAndToldThreeTimesToBeOff) {
  Hail hail(3);
  hail.Hasten(kNow);
  EXPECT_EQ(hail.at(), kNow);
  EXPECT_FALSE(hail.tells_off());
  EXPECT_EQ(ToldOff(hail, false, 1h).size(), 3u);
}

TEST(HailTest, OneThatFellSilentWhileOnIsToldAtOnce) {
  Hail hail(3);
  hail.Begin(/*off=*/false, kNow);
  const auto told = ToldOff(hail, false, 1h);
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told.front(), kNow);
  EXPECT_LT(told.back(), kNow + 1s);
}

TEST(HailTest, OneThatWasOffIsOnlyAsked) {
  Hail hail(3);
  hail.Begin(/*off=*/true, kNow);
  EXPECT_TRUE(ToldOff(hail, false, 1h).empty());
}

TEST(HailTest, WhoWantsItAtRestDoesNotGiveUp) {
  Hail hail(3);
  hail.Begin(/*off=*/true, kNow);
  const auto told = ToldOff(hail, true, 60s);
  EXPECT_GE(told.size(), 30u);
  EXPECT_LE(told.size(), 121u);
  for (size_t i = 1; i < told.size(); ++i) {
    EXPECT_GE(told[i] - told[i - 1], Timing::kBlindOffAgain);
    EXPECT_LE(told[i] - told[i - 1], 2 * Timing::kRetryLongest);
  }
}

TEST(HailTest, PausesGrowToASecondAndBeginAgainWithTheLine) {
  Hail hail(3);
  hail.Begin(true, kNow);
  MonotonicTime before = kNow;
  for (int i = 0; i < 20; ++i) {
    hail.OnSilence(false, before);
    EXPECT_GE(hail.at() - before, i < 4 ? Timing::kRetryFirst / 2 : Timing::kRetryLongest / 2);
    EXPECT_LE(hail.at() - before, i == 0 ? Timing::kRetryFirst : Timing::kRetryLongest);
    before = hail.at();
  }
  hail.Hasten(before);
  EXPECT_EQ(hail.at(), before);
  hail.OnSilence(false, before);
  EXPECT_LE(hail.at() - before, Timing::kRetryFirst);
}

TEST(HailTest, TwoThatFellSilentTogetherAreNotAskedInStep) {
  Hail left(1);
  Hail right(2);
  left.Begin(true, kNow);
  right.Begin(true, kNow);
  left.OnSilence(false, kNow);
  right.OnSilence(false, kNow);
  EXPECT_NE(left.at(), right.at());
}

}  // namespace
}  // namespace abcds::meanwell
