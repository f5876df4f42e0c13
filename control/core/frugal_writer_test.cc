// A device whose memory each setpoint wears out, as the setpoint writer treats it.
#include <gtest/gtest.h>

#include <cmath>

#include "control/core/setpoint_writer.h"
#include "control/core/setpoint_writer_bench.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

// What a Mean Well's memory sees: its current where that is new, and where it starts OPERATION; where it turns around,
// the other direction's least current and DIRECTION_CTRL, too. One with EEPROM off stores its direction only.
class DeviceMemory {
 public:
  void OnSetpoint(double before, double after, bool setpoints) {
    const bool turns = after * ran_ < 0;
    if (!setpoints) {
      writes += turns ? 1 : 0;
    } else if (after != before) {
      writes += turns ? 4 : before == 0 && after != ran_ ? 2 : 1;
    }
    if (after != 0) ran_ = after;
  }
  uint64_t writes = 3'000;  // in the life before

 private:
  double ran_ = 0;
};

class Frugal : public testing::Test {
 protected:
  static ConverterSettings Limited() {
    ConverterSettings settings = Device();
    settings.writes_per_hour = 120;
    return settings;
  }
  // Once a second; returns the number of writes.
  int Run(int seconds, double wanted, bool must_reduce = false) {
    int writes = 0;
    for (int i = 0; i < seconds; ++i) {
      const double before = bench.setpoint();
      bench.Pass(1);
      SetpointWriter::Request request = Ask(Limited(), wanted, must_reduce);
      request.write_limited = limited;
      request.memory_writes = memory.writes;
      request.room = room;
      request.turn_limited = turns_limited;
      last = bench.writer.Decide(request, bench.tube, bench.now);
      bench.tube.Command(last.setpoint, bench.now);
      bench.tube.Advance(bench.now, 1s);
      memory.OnSetpoint(before, bench.setpoint(), limited);
      writes += bench.setpoint() != before ? 1 : 0;
    }
    return writes;
  }
  double Saved() const { return bench.writer.budget().savings()->left; }
  Bench bench{Limited()};
  DeviceMemory memory;
  bool limited = true;
  Watts room;
  bool turns_limited = false;
  SetpointWriter::Result last;
};

TEST_F(Frugal, WritesWhenEnoughEnergyHasGoneTheWrongWay) {
  // Two writes at 700 Ws each: 70 W × 1.4 in one second after the other, and six more to come from what stands still.
  EXPECT_EQ(Run(5, 70), 0);
  EXPECT_EQ(last.reason, Reason::kWriteBudget);
  EXPECT_EQ(Run(12, 70), 1);
  EXPECT_EQ(bench.setpoint(), 70);
}

TEST_F(Frugal, WhatStandsStillIsWrittenSoonerThanWhatMoves) {
  Run(10, 300);
  ASSERT_EQ(bench.setpoint(), 300);
  EXPECT_EQ(Run(1, 400), 0) << "the first value of it may be the middle of an edge";
  EXPECT_EQ(Run(1, 400), 1) << "200 Ws so far, 840 Ws to come";
  Run(120, 400);
  double wanted = 400;
  int writes = 0;
  for (int i = 0; i < 4; ++i) writes += Run(1, wanted += 40);
  EXPECT_EQ(writes, 0) << "400 W × s and more, but on its way";
}

TEST_F(Frugal, StartsAsItLastRanWhereNoLimitForbids) {
  const struct { const char* what; double room; double wanted; double starts_at; } rows[] = {
      {"more than it ran with", 0, 500, 400},
      {"less, with room up to it", 100, 300, 400},
      {"less, and a limit between", 99, 300, 300},
      {"the other way", 500, -300, -300}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    bench = Bench(Limited());
    Run(10, 400);
    Run(60, 0);
    room = Watts(row.room);
    int seconds = 0;
    while (bench.setpoint() == 0 && seconds++ < 60) Run(1, row.wanted);
    EXPECT_EQ(bench.setpoint(), row.starts_at);
  }
}

// As where the meter falls silent: no measurement says what a write would be worth.
TEST_F(Frugal, PowerThatFadesGoesDownInSteps) {
  Run(10, 500);
  ASSERT_EQ(bench.setpoint(), 500);
  int writes = 0;
  for (double wanted = 499; wanted >= 25; wanted -= 1) {
    const double before = bench.setpoint();
    bench.Pass(0.01);
    SetpointWriter::Request request = Ask(Limited(), wanted, /*must_reduce=*/false, /*measured=*/false);
    request.write_limited = true;
    request.fades = true;
    (void)bench.writer.Decide(request, bench.tube, bench.now);
    bench.tube.Command(Watts(bench.setpoint()), bench.now);
    EXPECT_LT(wanted, before) << "never up";
    EXPECT_LE(bench.setpoint(), wanted / 0.8 + 1);
    writes += bench.setpoint() != before ? 1 : 0;
  }
  EXPECT_LE(writes, 14) << "0.8 to the 14th is 0.04";
}

TEST_F(Frugal, WhatCancelsItselfNeedsNoWrite) {
  Run(10, 300);
  int writes = 0;
  for (int i = 0; i < 60; ++i) writes += Run(1, 330) + Run(1, 265);
  EXPECT_EQ(writes, 0);
}

TEST_F(Frugal, ASmallDeviationIsRememberedForLong) {
  Run(10, 300);
  EXPECT_EQ(Run(120, 325), 1) << "20 W for half a minute are as much as 600 W for a second";
}

TEST_F(Frugal, StoppingAndLimitsAreWrittenWithAnEmptyBudgetToo) {
  for (int i = 0; i < 200; ++i) Run(1, i % 2 == 0 ? 600 : 100);
  const double standing = bench.setpoint();
  ASSERT_GT(standing, 90);
  EXPECT_EQ(Run(1, 50, true), 1);
  EXPECT_EQ(bench.setpoint(), 50);
  EXPECT_EQ(Run(1, 0), 1);
}

TEST_F(Frugal, KeepsToItsRate) {
  int writes = 0;
  for (int i = 0; i < 3600; ++i) writes += Run(1, (i / 7) % 2 == 0 ? 600 : 100);
  EXPECT_LE(writes, 120 + 60) << "its rate, and what it began with";
  EXPECT_GE(writes, 120) << "and uses it";
}

TEST_F(Frugal, AChangeMustBeWorthAllThatTheDeviceStores) {
  // Wishes take turns, so that nothing stands still; `settled`: what it does before, for long.
  const struct { const char* what; double settled; double room; double wanted[2]; int stores; } rows[] = {
      {"a start", 0, 0, {200, 150}, 2},
      {"a change", 300, 0, {500, 440}, 1},
      {"a start as it ran", 0, 500, {100, 75}, 1},
      {"a start with less than it ran", 0, 0, {200, 150}, 2},
      {"a start in the other direction", 0, 0, {-200, -150}, 4}};
  Run(10, 300);
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    room = Watts(0);
    Run(1200, row.settled);
    ASSERT_EQ(bench.setpoint(), row.settled);
    room = Watts(row.room);
    double astray = 0;  // as the writer sums it, export dearer than import
    double before = 0;
    for (int second = 0; second < 60 && bench.setpoint() == row.settled; ++second) {
      const double wanted = row.wanted[second % 2];
      before = astray;
      // At rest nothing is weighed: three seconds of it count at once.
      const double seconds = second == 0 && row.settled == 0 ? 3 : 1;
      const double weight = wanted > row.settled ? 1.4 : 0.8;
      astray = astray * std::exp(-seconds / 30) + (wanted - row.settled) * seconds * weight;
      Run(1, wanted);
    }
    EXPECT_LT(std::abs(before), 700 * row.stores);
    EXPECT_GE(std::abs(astray), 700 * row.stores);
  }
}

// What the device stores without being asked by us: stops of its driver, of the guard, commissioning.
TEST_F(Frugal, WritesOfOthersAreSpentToo) {
  Run(10, 300);
  const double saved = Saved();
  memory.writes += 20;
  Run(1, 300);
  EXPECT_NEAR(Saved(), saved - 20, 0.04);
}

TEST_F(Frugal, AStartIsKeptToTheRateWithAllThatItStores) {
  int writes = 0;
  double ran = 0;
  for (int i = 0; i < 7200; ++i) {
    const bool was_off = bench.setpoint() == 0;
    const int changes = Run(1, (i / 7) % 2 == 0 ? 500 + i % 1000 / 10 : 0);
    const bool as_it_ran = bench.setpoint() == ran;
    if (bench.setpoint() != 0) ran = bench.setpoint();
    writes += was_off && !as_it_ran ? 2 * changes : changes;
  }
  EXPECT_LE(writes, 2 * 120 + 60 + 1) << "its rate, what it began with, and the stop after the last start";
  EXPECT_GE(writes, 200) << "and uses it";
}

// A device that stores its direction only: all else is free.
TEST_F(Frugal, WhereOnlyTurnsAreStoredOnlyTurnsAreCounted) {
  limited = false;
  turns_limited = true;
  Run(1, 0);
  const double before = Saved();
  EXPECT_EQ(Run(1, 300) + Run(1, 500) + Run(1, 0) + Run(1, 300) + Run(1, 0), 5);
  EXPECT_NEAR(Saved(), before + 5 * 120 / 3600.0, 0.04);
  EXPECT_EQ(Run(1, -300), 0);
  EXPECT_EQ(last.reason, Reason::kWriteBudget);
  EXPECT_EQ(Run(24, -300), 1) << "worth it";
  Run(1, -300);
  EXPECT_NEAR(Saved(), before + 31 * 120 / 3600.0 - 1, 0.05);
  EXPECT_EQ(Run(1, -500) + Run(1, 0), 2);
}

TEST_F(Frugal, TurnsKeepToTheRate) {
  limited = false;
  turns_limited = true;
  int turns = 0;
  bool charged = true;
  for (int i = 0; i < 2400; ++i) {
    const bool charges = i % 2 == 0;
    if (Run(3, charges ? 600 : -600) > 0 && charges != charged) {
      charged = charges;
      ++turns;
    }
    Run(1, 0);
  }
  EXPECT_LE(turns, 120 * 9600 / 3600 + 60 + 1) << "its rate, and what it began with";
  EXPECT_GE(turns, 100);
}

TEST_F(Frugal, NotLimitedAnyMoreItWritesAtOnce) {
  limited = false;
  EXPECT_EQ(Run(1, 300), 1);
}

}  // namespace
}  // namespace abcds
