#include "control/runtime/control_loop.h"

#include <gtest/gtest.h>

#include "control/runtime/fake_devices.h"
#include "hal/rt/clock.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

LoopOptions Desk(Nanoseconds period) {
  LoopOptions options;
  options.period = period;
  options.allow_non_realtime = true;
  return options;
}

TEST(ControlLoopTest, RunsOnItsGridUntilItIsStopped) {
  FakeSite site;
  ControlLoop loop(site.settings, Desk(5ms), site.devices);
  const MonotonicTime begin = MonotonicNow();
  ASSERT_TRUE(loop.Start().ok());
  site.converter.WaitForCommands(40);
  const MonotonicTime end = MonotonicNow();
  loop.Stop();
  // The first cycle is one period after the start, so the fortieth cannot be earlier than this.
  EXPECT_GE(end - begin, 39 * 5ms);
  const uint64_t cycles = loop.Heartbeat();
  EXPECT_GE(cycles, 39u);
  const Snapshot& snapshot = loop.snapshots().Latest();
  EXPECT_EQ(snapshot.cycle.sequence, cycles);
  EXPECT_EQ(snapshot.cycle.period, Nanoseconds(5ms));
  // As many points of the grid as time has passed: run or missed, none caught up.
  const auto points = (MonotonicNow() - begin) / Nanoseconds(5ms);
  EXPECT_LE(static_cast<int64_t>(cycles + snapshot.cycle.missed), points);
  uint64_t counted = 0;
  for (const uint64_t one : snapshot.cycle.lateness.counts) counted += one;
  EXPECT_GE(counted + 1, cycles) << "every cycle's lateness is in the histogram of the next snapshot";
}

TEST(ControlLoopTest, TheLastCommandIsZeroAndNothingFollows) {
  FakeSite site;
  ControlLoop loop(site.settings, Desk(2ms), site.devices);
  Intent intent;
  intent.mode = Mode::kForced;
  intent.forced_power = Watts(-200);
  loop.intents().Publish(intent);
  site.Refresh(MonotonicNow());
  ASSERT_TRUE(loop.Start().ok());
  site.converter.WaitForCommands(50);
  loop.Stop();
  // Before the last command it was running.
  EXPECT_EQ(loop.snapshots().Latest().outputs.converters[0].power, Watts(-200));
  EXPECT_EQ(site.converter.last.power, Watts(0));
  EXPECT_EQ(site.converter.commands.load(), loop.Heartbeat() + 1) << "one command a cycle, and 0 W at the end";
  const uint64_t commands = site.converter.commands.load();
  loop.Stop();
  EXPECT_EQ(site.converter.commands.load(), commands) << "stopping twice is stopping once";
}

TEST(ControlLoopTest, TheDryCyclesBeforeItReachNoDevice) {
  FakeSite site;
  ControlLoop loop(site.settings, Desk(1s), site.devices);
  ASSERT_TRUE(loop.Start().ok());
  EXPECT_LE(site.converter.commands.load(), 1u) << "100 dry cycles have run, at most one real one";
  loop.Stop();
}

TEST(ControlLoopTest, AnOverrunIsCountedAndNotCaughtUp) {
  FakeSite site;
  constexpr Nanoseconds kPeriod = 10ms;
  MonotonicTime overrun_ends;
  site.converter.on_latest = [&overrun_ends](uint64_t commands) {
    if (commands != 5) return;
    const MonotonicTime until = MonotonicNow() + 45ms;
    while (MonotonicNow() < until) {
    }
    overrun_ends = until;
  };
  ControlLoop loop(site.settings, Desk(kPeriod), site.devices);
  ASSERT_TRUE(loop.Start().ok());
  site.converter.WaitForCommands(8);
  const MonotonicTime eighth = MonotonicNow();
  loop.Stop();
  // 45 ms cover at least four points of the grid. The two cycles after it come on the grid, a period apart.
  EXPECT_GE(loop.snapshots().Latest().cycle.missed, 4u);
  EXPECT_GE(eighth - overrun_ends, kPeriod);
  uint64_t told = 0;
  for (Event event; loop.events().Pop(event);) {
    if (event.kind == Event::Kind::kMissedCycles) told += event.count;
  }
  EXPECT_GE(told, loop.snapshots().Latest().cycle.missed);
}

TEST(ControlLoopTest, IntentsReachTheCycleAndSnapshotsSaySo) {
  FakeSite site;
  ControlLoop loop(site.settings, Desk(2ms), site.devices);
  ASSERT_TRUE(loop.Start().ok());
  Intent intent;
  intent.generation = 42;
  intent.mode = Mode::kIdle;
  loop.intents().Publish(intent);
  while (loop.snapshots().Latest().intent.generation != 42) {
    site.converter.WaitForCommands(site.converter.commands.load() + 1);
  }
  EXPECT_EQ(loop.snapshots().Latest().outputs.mode, Mode::kIdle);
}

TEST(ControlLoopTest, AProcessorThatIsNotThereIsAnErrorAlsoOnADesk) {
  FakeSite site;
  LoopOptions options = Desk(20ms);
  options.cpu = 1000;
  ControlLoop loop(site.settings, options, site.devices);
  const absl::Status status = loop.Start();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("real_time.cpu = 1000"), std::string::npos) << status;
  EXPECT_EQ(site.converter.commands.load(), 0u);
}

}  // namespace
}  // namespace abcds
