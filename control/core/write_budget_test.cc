#include "control/core/write_budget.h"

#include <gtest/gtest.h>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

constexpr MonotonicTime kNow(1000s);
constexpr Joules kPriceless(1e9);

// A budget with the device whose writes it counts.
class Device {
 public:
  explicit Device(double per_hour, uint64_t in_its_life = 5'000) : budget(per_hour), count(in_its_life) { Pass(0); }
  void Pass(double seconds) { budget.Update(count, now += FromSeconds(seconds)); }
  void Write(uint64_t writes) {
    count += writes;
    Pass(0);
  }
  double left() const { return budget.savings()->left; }

  WriteBudget budget;
  uint64_t count;
  MonotonicTime now = kNow;
};

TEST(WriteBudgetTest, WithoutARateItIsNoLimit) { EXPECT_FALSE(WriteBudget(0).limited()); }

TEST(WriteBudgetTest, BeginsWithHalfAnHourAndSavesUpThree) {
  Device device(120);
  EXPECT_TRUE(device.budget.limited());
  EXPECT_EQ(device.left(), 60);
  device.Pass(300);
  EXPECT_NEAR(device.left(), 70, 1e-9);
  device.Pass(100'000);
  EXPECT_EQ(device.left(), 360);
}

TEST(WriteBudgetTest, NothingIsAffordableBeforeTheDeviceHasCounted) {
  WriteBudget budget(120);
  budget.Update(std::nullopt, kNow);
  EXPECT_FALSE(budget.Affords(kPriceless, 1));
  EXPECT_EQ(budget.savings(), std::nullopt);
  budget.Update(7, kNow);
  EXPECT_TRUE(budget.Affords(kPriceless, 1));
}

TEST(WriteBudgetTest, AWriteMustBeWorthMoreTheFewerAreLeft) {
  Device device(120);
  EXPECT_TRUE(device.budget.Affords(Joules(700), 1));
  EXPECT_TRUE(device.budget.Affords(Joules(-700), 1));
  EXPECT_FALSE(device.budget.Affords(Joules(699), 1));
  device.Write(4);
  EXPECT_FALSE(device.budget.Affords(Joules(1399), 1)) << "half of the pace's eight";
  EXPECT_TRUE(device.budget.Affords(Joules(1400), 1));
  device.Write(4);
  EXPECT_FALSE(device.budget.Affords(kPriceless, 1)) << "none is left";
}

TEST(WriteBudgetTest, TwoWritesMustBeWorthTwice) {
  Device device(120);
  EXPECT_FALSE(device.budget.Affords(Joules(1399), 2));
  EXPECT_TRUE(device.budget.Affords(Joules(1400), 2));
  device.Write(7);
  EXPECT_FALSE(device.budget.Affords(kPriceless, 2)) << "one is left";
  EXPECT_TRUE(device.budget.Affords(kPriceless, 1));
}

// However much there is to write: the pace in the first hours, then what is refilled.
TEST(WriteBudgetTest, SpendsAtMostThePaceAndInTheLongRunItsRate) {
  Device device(120);
  int writes = 0;
  int in_ten_minutes = 0;
  int first_hour = 0;
  for (int second = 0; second < 36'000; ++second) {
    device.Pass(1);
    if (device.budget.Affords(kPriceless, 1)) {
      device.Write(1);
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
  Device device(120);
  device.Write(47);
  device.Pass(300);  // the pace is full again; 13 and what 300 s bring, of 30
  EXPECT_NEAR(device.left(), 23, 1e-9);
  EXPECT_FALSE(device.budget.Affords(Joules(900), 1));
  EXPECT_TRUE(device.budget.Affords(Joules(914), 1));
}

TEST(WriteBudgetTest, WhatProtectionSpendsIsSavedUpForAgain) {
  Device device(3600);
  device.Write(100);
  device.Pass(4);
  EXPECT_FALSE(device.budget.Affords(kPriceless, 1)) << "eight in debt, and two a second";
  device.Pass(1);
  EXPECT_TRUE(device.budget.Affords(kPriceless, 1));
}

TEST(WriteBudgetTest, AnotherDeviceBeginsAnew) {
  for (const uint64_t count : {uint64_t{12}, uint64_t{2'000'000}}) {
    Device device(120);
    device.Write(55);
    ASSERT_EQ(device.left(), 5);
    device.count = count;
    device.Pass(0);
    EXPECT_EQ(device.left(), 60) << count;
    device.Write(3);
    EXPECT_EQ(device.left(), 57) << count;
  }
}

struct Restart {
  const char* name;
  WriteSavings kept;
  uint64_t count;  // at the device's first word
  double left;
};

class RestartTest : public testing::TestWithParam<Restart> {};

TEST_P(RestartTest, GoesOnWithWhatWasLeft) {
  WriteBudget budget(120);
  budget.Restore(GetParam().kept);
  budget.Update(std::nullopt, kNow);
  budget.Update(GetParam().count, kNow);
  EXPECT_EQ(budget.savings()->left, GetParam().left);
  EXPECT_EQ(budget.savings()->written, GetParam().count);
}

INSTANTIATE_TEST_SUITE_P(Restarts, RestartTest, testing::Values(
    Restart{"AsItWas", {200, 5'000}, 5'000, 200},
    Restart{"LessWhatWasWrittenSince", {200, 5'000}, 5'030, 170},
    Restart{"ACountThatRanAheadMakesNoDebts", {20, 5'000}, 5'064, 0},
    Restart{"ADebtStaysOne", {-20, 5'000}, 5'064, -20},
    Restart{"NotMoreThanItCouldHaveSaved", {5'000, 5'000}, 5'000, 360},
    Restart{"NorADeeperDebt", {-5'000, 5'000}, 5'000, -360},
    Restart{"AnotherDeviceWithAShorterLife", {200, 5'000}, 4'999, 60},
    Restart{"AnotherDeviceWithALongerOne", {2, 5'000}, 2'000'000, 60}),
    [](const auto& row) { return row.param.name; });

// Each run writes what it may, and dies without a word after a minute.
TEST(WriteBudgetTest, RestartsMultiplyNothing) {
  Device first(120);
  WriteSavings kept = *first.budget.savings();
  uint64_t count = first.count;
  for (int run = 0; run < 60; ++run) {
    Device device(120, count);
    device.budget = WriteBudget(120);
    device.budget.Restore(kept);
    for (int second = 0; second < 60; ++second) {
      device.Pass(1);
      if (device.budget.Affords(kPriceless, 1)) device.Write(1);
    }
    count = device.count;
    kept = *device.budget.savings();
  }
  EXPECT_LE(count - first.count, 120u + 60u);
}

}  // namespace
}  // namespace abcds
