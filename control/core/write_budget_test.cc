#include "control/core/write_budget.h"

#include <gtest/gtest.h>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

constexpr MonotonicTime kNow(1000s);

TEST(WriteBudgetTest, WithoutARateItIsNoLimit) { EXPECT_FALSE(WriteBudget(0, 40).limited()); }

TEST(WriteBudgetTest, BeginsWithHalfAndFillsAtItsRateUpToTheBurst) {
  WriteBudget budget(120, 40);
  EXPECT_TRUE(budget.limited());
  EXPECT_EQ(budget.tokens(), 20);
  budget.Refill(kNow);
  budget.Refill(kNow + 300s);
  EXPECT_NEAR(budget.tokens(), 30, 1e-9);
  budget.Refill(kNow + 100'000s);
  EXPECT_EQ(budget.tokens(), 40);
}

TEST(WriteBudgetTest, AWriteMustBeWorthMoreTheFewerAreLeft) {
  WriteBudget budget(120, 40);
  budget.Refill(kNow);
  budget.Refill(kNow + 10'000s);
  EXPECT_TRUE(budget.Affords(Joules(300), 1));
  EXPECT_TRUE(budget.Affords(Joules(-300), 1));
  EXPECT_FALSE(budget.Affords(Joules(299), 1));
  for (int i = 0; i < 20; ++i) budget.Spend(1);
  EXPECT_FALSE(budget.Affords(Joules(599), 1));
  EXPECT_TRUE(budget.Affords(Joules(600), 1));
  for (int i = 0; i < 20; ++i) budget.Spend(1);
  EXPECT_FALSE(budget.Affords(Joules(1e9), 1)) << "none is left";
}

TEST(WriteBudgetTest, TwoWritesMustBeWorthTwice) {
  WriteBudget budget(120, 40);
  EXPECT_FALSE(budget.Affords(Joules(1199), 2)) << "half full: 600 Ws each";
  EXPECT_TRUE(budget.Affords(Joules(1200), 2));
  budget.Spend(2);
  EXPECT_EQ(budget.tokens(), 18);
  budget.Spend(17);
  EXPECT_FALSE(budget.Affords(Joules(1e9), 2)) << "one is left";
  EXPECT_TRUE(budget.Affords(Joules(1e9), 1));
}

TEST(WriteBudgetTest, WhatProtectionSpendsIsSavedUpForAgain) {
  WriteBudget budget(3600, 10);
  budget.Refill(kNow);
  for (int i = 0; i < 100; ++i) budget.Spend(1);
  EXPECT_EQ(budget.tokens(), -10);
  budget.Refill(kNow + 10s);
  EXPECT_FALSE(budget.Affords(Joules(1e9), 1));
  budget.Refill(kNow + 12s);
  EXPECT_TRUE(budget.Affords(Joules(1e9), 1));
}

}  // namespace
}  // namespace abcds
