#include "control/core/write_budget.h"

#include <gtest/gtest.h>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

constexpr MonotonicTime kNow(1000s);
constexpr Joules kPriceless(1e9);

TEST(WriteBudgetTest, WithoutARateItIsNoLimit) { EXPECT_FALSE(WriteBudget(0).limited()); }

TEST(WriteBudgetTest, BeginsWithHalfAnHourAndSavesUpThree) {
  WriteBudget budget(120);
  EXPECT_TRUE(budget.limited());
  EXPECT_EQ(budget.saved(), 60);
  budget.Refill(kNow);
  budget.Refill(kNow + 300s);
  EXPECT_NEAR(budget.saved(), 70, 1e-9);
  budget.Refill(kNow + 100'000s);
  EXPECT_EQ(budget.saved(), 360);
}

TEST(WriteBudgetTest, AWriteMustBeWorthMoreTheFewerAreLeft) {
  WriteBudget budget(120);
  EXPECT_TRUE(budget.Affords(Joules(700), 1));
  EXPECT_TRUE(budget.Affords(Joules(-700), 1));
  EXPECT_FALSE(budget.Affords(Joules(699), 1));
  budget.Spend(4);
  EXPECT_FALSE(budget.Affords(Joules(1399), 1)) << "half of the pace's eight";
  EXPECT_TRUE(budget.Affords(Joules(1400), 1));
  budget.Spend(4);
  EXPECT_FALSE(budget.Affords(kPriceless, 1)) << "none is left";
}

TEST(WriteBudgetTest, TwoWritesMustBeWorthTwice) {
  WriteBudget budget(120);
  EXPECT_FALSE(budget.Affords(Joules(1399), 2));
  EXPECT_TRUE(budget.Affords(Joules(1400), 2));
  budget.Spend(7);
  EXPECT_FALSE(budget.Affords(kPriceless, 2)) << "one is left";
  EXPECT_TRUE(budget.Affords(kPriceless, 1));
}

// However much there is to write: the pace in the first hours, then what is refilled.
TEST(WriteBudgetTest, SpendsAtMostThePaceAndInTheLongRunItsRate) {
  WriteBudget budget(120);
  int writes = 0;
  int in_ten_minutes = 0;
  int first_hour = 0;
  for (int second = 0; second < 36'000; ++second) {
    budget.Refill(kNow + FromSeconds(second));
    if (budget.Affords(kPriceless, 1)) {
      budget.Spend(1);
      ++writes;
    }
    if (second == 600) in_ten_minutes = writes;
    if (second == 3600) first_hour = writes;
  }
  EXPECT_NEAR(in_ten_minutes, 40 + 8, 1) << "240 an hour, and eight at once";
  EXPECT_NEAR(first_hour, 120 + 60, 1) << "its rate, and what it began with";
  EXPECT_NEAR(writes, 10 * 120 + 60, 1);
}

TEST(WriteBudgetTest, ScarceSavingsMakeAWriteDearerThoughThePaceIsFull) {
  WriteBudget budget(120);
  MonotonicTime now = kNow;
  for (int i = 0; i < 47; ++i) {
    budget.Refill(now);
    budget.Spend(1);
    now += 1s;
  }
  budget.Refill(now + 60s);  // 13 and what 107 s bring, of 30
  budget.Refill(now + 61s);
  EXPECT_GT(budget.saved(), 15);
  EXPECT_FALSE(budget.Affords(Joules(1000), 1));
}

TEST(WriteBudgetTest, WhatProtectionSpendsIsSavedUpForAgain) {
  WriteBudget budget(3600);
  budget.Refill(kNow);
  for (int i = 0; i < 100; ++i) budget.Spend(1);
  budget.Refill(kNow + 4s);
  EXPECT_FALSE(budget.Affords(kPriceless, 1)) << "eight in debt, and two a second";
  budget.Refill(kNow + 5s);
  EXPECT_TRUE(budget.Affords(kPriceless, 1));
}

}  // namespace
}  // namespace abcds
