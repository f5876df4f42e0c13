#include "control/core/fault_table.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

MonotonicTime At(double seconds) { return MonotonicTime(1000s) + FromSeconds(seconds); }

const FaultStatus& Slot(const FaultTable& table, FaultId id, int converter = -1) {
  for (const FaultStatus& slot : table.slots()) {
    if (slot.id == id && slot.converter == converter) return slot;
  }
  ADD_FAILURE() << "no slot";
  return table.slots()[0];
}

bool Present(const FaultTable& table, FaultId id, int converter = -1) {
  const FaultStatus& slot = Slot(table, id, converter);
  return slot.active || slot.latched;
}

TEST(FaultTableTest, EveryFaultHasARowAndEveryPlaceOneSlot) {
  std::set<std::pair<FaultId, int>> seen;
  const FaultTable table;
  for (const FaultStatus& slot : table.slots()) {
    EXPECT_TRUE(seen.insert({slot.id, slot.converter}).second);
    EXPECT_NE(slot.id, FaultId::kCount);
    EXPECT_EQ(slot.severity, FaultTable::Row(slot.id).severity);
    EXPECT_EQ(FaultTable::ConcernsConverter(slot.id), slot.converter >= 0);
  }
  EXPECT_EQ(seen.size(), 14u - 3u + 3u * 8u);
}

struct Case {
  const char* name;
  FaultId id;
  double lasts_s;     // how long its condition holds before it is looked at
  bool active;
  bool stops;         // the plant
  bool stays;         // after its condition has gone
};

class FaultTableTest : public testing::TestWithParam<Case> {};

TEST_P(FaultTableTest, DebounceReactionAndLatch) {
  const Case& c = GetParam();
  const int converter = FaultTable::ConcernsConverter(c.id) ? 3 : -1;
  FaultTable table;
  for (double t = 0; t <= c.lasts_s + 1e-9; t += 0.02) table.Report(c.id, true, At(t), converter);
  EXPECT_EQ(Slot(table, c.id, converter).active, c.active);
  EXPECT_EQ(Present(table, c.id, converter), c.active);
  EXPECT_EQ(table.StopCause(), c.stops ? c.id : FaultId::kCount);
  table.Report(c.id, false, At(c.lasts_s + 1), converter);
  EXPECT_FALSE(Slot(table, c.id, converter).active);
  EXPECT_EQ(Present(table, c.id, converter), c.stays);
  EXPECT_EQ(table.StopCause(), c.stops && c.stays ? c.id : FaultId::kCount);
}

INSTANTIATE_TEST_SUITE_P(Rows, FaultTableTest, testing::Values(
    //   name                                 id                              lasts active  stops  stays
    Case{"SilentMeterStopsAtOnceAndGoes",     FaultId::kMeterSilent,              0, true,  true,  false},
    Case{"FrozenMeterStopsAtOnceAndGoes",     FaultId::kMeterFrozen,              0, true,  true,  false},
    Case{"WrongMeterStopsAtOnceAndStays",     FaultId::kMeterDisagrees,           0, true,  true,  true},
    Case{"SilentBmsStopsAtOnceAndGoes",       FaultId::kBatterySilent,            0, true,  true,  false},
    Case{"MissingVoltageMayTakeTenSeconds",   FaultId::kBatteryVoltageUnknown,  9.9, false, false, false},
    Case{"MissingVoltageStopsThen",           FaultId::kBatteryVoltageUnknown, 10.1, true,  true,  false},
    Case{"ForbiddingBmsLimitsOneDirection",   FaultId::kBatteryForbids,           0, true,  false, false},
    Case{"AHighCellForAMomentDoesNotLatch",   FaultId::kCellVoltageHigh,        1.9, false, false, false},
    Case{"AHighCellLatches",                  FaultId::kCellVoltageHigh,        2.1, true,  true,  true},
    Case{"ALowCellForAMomentDoesNotLatch",    FaultId::kCellVoltageLow,         1.9, false, false, false},
    Case{"ALowCellLatches",                   FaultId::kCellVoltageLow,         2.1, true,  true,  true},
    Case{"TemperatureForAMomentDoesNotStop",  FaultId::kTemperatureOutside,     1.9, false, false, false},
    Case{"TemperatureStopsAndGoes",           FaultId::kTemperatureOutside,     2.1, true,  true,  false},
    Case{"ASilentConverterStopsNobodyElse",   FaultId::kConverterSilent,          0, true,  false, false},
    Case{"AFaultyConverterStopsNobodyElse",   FaultId::kConverterFaulty,          0, true,  false, false},
    Case{"NotFollowingMayTakeTenSeconds",     FaultId::kConverterNotFollowing,  9.9, false, false, false},
    Case{"NotFollowingWarns",                 FaultId::kConverterNotFollowing, 10.1, true,  false, false},
    Case{"OneCycleOfCirculationStopsAndStays", FaultId::kCirculation,             0, true,  true,  true},
    Case{"AClockJumpIsToldOnly",              FaultId::kClockJump,                0, true,  false, false}),
    [](const auto& row) { return row.param.name; });

TEST(FaultTableTest, AConditionThatComesAndGoesStartsItsDebounceAgain) {
  FaultTable table;
  for (int i = 0; i < 20; ++i) {
    table.Report(FaultId::kCellVoltageHigh, true, At(i * 2.0));
    table.Report(FaultId::kCellVoltageHigh, true, At(i * 2.0 + 1.5));
    ASSERT_FALSE(Present(table, FaultId::kCellVoltageHigh));
    table.Report(FaultId::kCellVoltageHigh, false, At(i * 2.0 + 1.6));
  }
}

TEST(FaultTableTest, OccurrencesAndTheirTimeAreKept) {
  FaultTable table;
  for (const double t : {0.0, 1.0, 2.0}) {
    table.Report(FaultId::kMeterSilent, true, At(t));
    table.Report(FaultId::kMeterSilent, true, At(t + 0.5));
    EXPECT_EQ(Slot(table, FaultId::kMeterSilent).since, At(t));
    table.Report(FaultId::kMeterSilent, false, At(t + 0.6));
  }
  EXPECT_EQ(Slot(table, FaultId::kMeterSilent).occurrences, 3u);
}

TEST(FaultTableTest, ALatchedFaultThatComesBackIsTheSameOccurrence) {
  FaultTable table;
  table.Report(FaultId::kMeterDisagrees, true, At(0));
  table.Report(FaultId::kMeterDisagrees, false, At(1));
  table.Report(FaultId::kMeterDisagrees, true, At(2));
  EXPECT_EQ(Slot(table, FaultId::kMeterDisagrees).occurrences, 1u);
  EXPECT_EQ(Slot(table, FaultId::kMeterDisagrees).since, At(0));
  EXPECT_TRUE(Slot(table, FaultId::kMeterDisagrees).active);
}

struct ClearCase {
  const char* name;
  bool cause_gone;
  FaultId clear;
  int converter;
  bool stays;
};

class FaultTableClearTest : public testing::TestWithParam<ClearCase> {};

TEST_P(FaultTableClearTest, ALatchGoesWhenItsCauseHasGoneAndItIsMeant) {
  const ClearCase& c = GetParam();
  FaultTable table;
  table.Report(FaultId::kMeterDisagrees, true, At(0));
  if (c.cause_gone) table.Report(FaultId::kMeterDisagrees, false, At(1));
  table.Clear(c.clear, c.converter);
  EXPECT_EQ(Slot(table, FaultId::kMeterDisagrees).latched, c.stays);
  EXPECT_EQ(table.StopCause(), c.stays ? FaultId::kMeterDisagrees : FaultId::kCount);
}

INSTANTIATE_TEST_SUITE_P(Clear, FaultTableClearTest, testing::Values(
    ClearCase{"ByItsName",                 true,  FaultId::kMeterDisagrees,  -1, false},
    ClearCase{"WithAllOthers",             true,  FaultId::kCount,           -1, false},
    ClearCase{"NotWhileItsCauseHolds",     false, FaultId::kMeterDisagrees,  -1, true},
    ClearCase{"NotAllWhileItsCauseHolds",  false, FaultId::kCount,           -1, true},
    ClearCase{"NotWithAnother",            true,  FaultId::kCellVoltageHigh, -1, true},
    ClearCase{"NotWithThoseOfAConverter",  true,  FaultId::kCount,            0, true}),
    [](const auto& row) { return row.param.name; });

TEST(FaultTableTest, ARestoredLatchStopsUntilItIsCleared) {
  FaultTable table;
  table.Restore(FaultId::kMeterDisagrees, At(0));
  EXPECT_EQ(table.StopCause(), FaultId::kMeterDisagrees);
  EXPECT_EQ(Slot(table, FaultId::kMeterDisagrees).since, At(0));
  table.Report(FaultId::kMeterDisagrees, false, At(1));
  EXPECT_EQ(table.StopCause(), FaultId::kMeterDisagrees);
  table.Clear(FaultId::kMeterDisagrees, -1);
  EXPECT_EQ(table.StopCause(), FaultId::kCount);
}

TEST(FaultTableTest, WhatDoesNotLatchIsNotRestored) {
  FaultTable table;
  table.Restore(FaultId::kMeterSilent, At(0));
  EXPECT_EQ(table.StopCause(), FaultId::kCount);
}

TEST(FaultTableTest, AConvertersFaultIsItsOwn) {
  FaultTable table;
  table.Report(FaultId::kConverterSilent, true, At(0), 2);
  EXPECT_TRUE(Present(table, FaultId::kConverterSilent, 2));
  for (const int other : {0, 1, 3, 7}) EXPECT_FALSE(Present(table, FaultId::kConverterSilent, other));
  EXPECT_FALSE(Present(table, FaultId::kConverterFaulty, 2));
}

}  // namespace
}  // namespace abcds
