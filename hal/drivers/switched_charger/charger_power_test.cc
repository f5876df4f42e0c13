// What the charger is believed to draw.
#include "hal/drivers/switched_charger/charger_power.h"

#include <optional>

#include "gtest/gtest.h"

namespace abcds::switched_charger {
namespace {

using std::chrono::seconds;

constexpr MonotonicTime kStart = MonotonicTime(seconds(1000));

class ChargerPowerTest : public testing::Test {
 protected:
  // Looks every 2 s, from kStart + `from` to kStart + `to` seconds; on since kStart.
  void On(int from, int to, std::optional<Watts> metered) {
    for (int s = from; s <= to; s += 2) power_.OnSeen(true, kStart, metered, kStart + seconds(s));
  }
  void Off(int at) { power_.OnSeen(false, kStart + seconds(at), Watts(0), kStart + seconds(at)); }

  ChargerPower power_{RatingOf(Watts(600), false), seconds(4)};
};

TEST_F(ChargerPowerTest, IsTheConfiguredOneBeforeTheFirstStart) {
  EXPECT_EQ(power_.step(), Watts(600));
  EXPECT_FALSE(power_.flows().valid);
}

TEST_F(ChargerPowerTest, MeterIsFollowedOnceItHasStarted) {
  On(0, 2, Watts(50));
  EXPECT_EQ(power_.step(), Watts(600)) << "it is starting";
  EXPECT_EQ(power_.flows().value, Watts(50)) << "but no more than this flows";
  On(4, 4, Watts(640));
  EXPECT_EQ(power_.step(), Watts(640));
  On(6, 60, Watts(400));
  EXPECT_NEAR(power_.step().value(), 400, 20) << "it draws less as the battery fills";
  Off(62);
  EXPECT_EQ(power_.step(), Watts(640)) << "the next start is as the last one";
  EXPECT_EQ(power_.flows().value, Watts(0));
}

TEST_F(ChargerPowerTest, NoiseDoesNotMoveTheStep) {
  On(0, 4, Watts(600));
  for (int s = 6; s < 60; s += 2) On(s, s, Watts(s % 4 == 0 ? 590 : 610));
  EXPECT_EQ(power_.step(), Watts(600));
}

TEST_F(ChargerPowerTest, WhatCannotBeThisChargerIsNotLearned) {
  On(0, 60, Watts(3000));
  EXPECT_EQ(power_.step(), Watts(750));
  EXPECT_EQ(power_.flows().value, Watts(3000)) << "but it is what the meter says";
}

TEST_F(ChargerPowerTest, WithoutAMeterTheRelayIsBelievedOnceTheChargerHasStarted) {
  On(0, 2, std::nullopt);
  EXPECT_FALSE(power_.flows().valid);
  On(4, 4, std::nullopt);
  EXPECT_EQ(power_.flows().value, Watts(600));
  EXPECT_EQ(power_.flows().taken_at, kStart + seconds(4));
  Off(6);
  EXPECT_EQ(power_.flows().value, Watts(0));
  EXPECT_FALSE(power_.metered());
}

TEST_F(ChargerPowerTest, WhatNobodySwitchedOnMayBeAtFullPowerAlready) {
  Off(0);
  power_.OnSeen(true, MonotonicTime::min(), std::nullopt, kStart + seconds(2));
  EXPECT_EQ(power_.flows().value, Watts(600));
  EXPECT_EQ(power_.flows().taken_at, kStart + seconds(2));
}

TEST_F(ChargerPowerTest, MeterThatHasNeverShownAnythingIsNone) {
  On(0, 40, Watts(0));
  EXPECT_FALSE(power_.metered());
  EXPECT_EQ(power_.flows().value, Watts(600));
  EXPECT_FALSE(power_.draws_nothing());
}

TEST_F(ChargerPowerTest, WhatControlHasLearnedIsTheStep) {
  power_ = ChargerPower(RatingOf(Watts(600), true), seconds(4));
  EXPECT_TRUE(power_.assumed());
  EXPECT_FALSE(power_.learned());
  On(0, 10, std::nullopt);
  power_.OnLearned(Watts(0));
  EXPECT_EQ(power_.step(), Watts(600));
  power_.OnLearned(Watts(1100));
  EXPECT_TRUE(power_.learned());
  EXPECT_EQ(power_.step(), Watts(1100));
  Off(12);
  EXPECT_EQ(power_.step(), Watts(1100));
  power_.OnLearned(Watts(9000));
  EXPECT_EQ(power_.step(), Watts(1500)) << "what it cannot be";
}

TEST_F(ChargerPowerTest, AMeterKnowsBetterThanControl) {
  power_ = ChargerPower(RatingOf(Watts(0), true), seconds(4));
  EXPECT_EQ(power_.step(), Watts(500));
  On(0, 4, Watts(120));
  EXPECT_FALSE(power_.assumed());
  power_.OnLearned(Watts(900));
  EXPECT_EQ(power_.step(), Watts(120));
}

TEST_F(ChargerPowerTest, NothingIsLearnedUnasked) {
  power_.OnLearned(Watts(300));
  EXPECT_EQ(power_.step(), Watts(600));
  EXPECT_FALSE(power_.assumed());
}

TEST_F(ChargerPowerTest, ChargerThatDrawsNothingIsNoticedAfterItsTimeToStart) {
  On(0, 4, Watts(600));
  On(6, 18, Watts(1));
  EXPECT_FALSE(power_.draws_nothing());
  On(20, 20, Watts(1));
  EXPECT_TRUE(power_.draws_nothing());
  Off(22);
  EXPECT_FALSE(power_.draws_nothing());
}

}  // namespace
}  // namespace abcds::switched_charger
