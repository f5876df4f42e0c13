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
  EXPECT_TRUE(budget.Affords(Joules(300)));
  EXPECT_TRUE(budget.Affords(Joules(-300)));
  EXPECT_FALSE(budget.Affords(Joules(299)));
  for (int i = 0; i < 20; ++i) budget.Spend();
  EXPECT_FALSE(budget.Affords(Joules(599)));
  EXPECT_TRUE(budget.Affords(Joules(600)));
  for (int i = 0; i < 20; ++i) budget.Spend();
  EXPECT_FALSE(budget.Affords(Joules(1e9))) << "none is left";
}

TEST(WriteBudgetTest, WhatProtectionSpendsIsSavedUpForAgain) {
  WriteBudget budget(3600, 10);
  budget.Refill(kNow);
  for (int i = 0; i < 100; ++i) budget.Spend();
  EXPECT_EQ(budget.tokens(), -10);
  budget.Refill(kNow + 10s);
  EXPECT_FALSE(budget.Affords(Joules(1e9)));
  budget.Refill(kNow + 12s);
  EXPECT_TRUE(budget.Affords(Joules(1e9)));
}

}  // namespace
}  // namespace abcds
