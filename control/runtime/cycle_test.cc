#include "control/runtime/cycle.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "control/runtime/fake_devices.h"
#include "hal/rt/realtime_scope.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// Linked with the allocation trap: a heap access inside of RunOnce ends the test program.
class CycleTest : public testing::Test {
 protected:
  void Start() { cycle = std::make_unique<Cycle>(site.settings, site.devices, CycleStatistics{.period = 20ms}); }
  void Run(double seconds) {
    for (int i = 0; i < seconds * 50; ++i) {
      now += 20ms;
      if (refreshing && ++cycles_ % 50 == 1) site.Refresh(now);
      RealtimeScope scope;
      cycle->RunOnce(now, 20ms, samples_void);
      samples_void = false;
    }
  }
  std::vector<Event> Events() {
    std::vector<Event> events;
    for (Event event; cycle->events().Pop(event);) events.push_back(event);
    return events;
  }
  static bool Contains(const std::vector<Event>& events, Event::Kind kind, FaultId fault, int converter = -1) {
    for (const Event& event : events) {
      if (event.kind == kind && event.fault == fault && event.converter == converter) return true;
    }
    return false;
  }

  FakeSite site;
  std::unique_ptr<Cycle> cycle;
  MonotonicTime now{1000s};
  bool refreshing = true;
  bool samples_void = false;

 private:
  int cycles_ = 0;
};

TEST_F(CycleTest, CommandsInEveryCycleUntilASecondFromNow) {
  Start();
  for (uint64_t i = 1; i <= 200; ++i) {
    Run(0.02);
    ASSERT_EQ(site.converter.commands.load(), i);
    ASSERT_EQ(site.converter.last.expires_at, now + 1s);
  }
  EXPECT_LT(site.converter.last.power, Watts(-200)) << "300 W of load are answered";
}

TEST_F(CycleTest, TellsDriversWhenTheNextChangeIsExpected) {
  Start();
  Run(1.5);
  EXPECT_EQ(site.converter.last.next_change_at, site.meter.state.power.taken_at + 1s);
}

TEST_F(CycleTest, CommandZeroCommandsZero) {
  Start();
  Run(5);
  ASSERT_NE(site.converter.last.power, Watts(0));
  cycle->CommandZero(now);
  EXPECT_EQ(site.converter.last.power, Watts(0));
  EXPECT_EQ(site.converter.last.expires_at, now + 1s);
}

TEST_F(CycleTest, PublishesWhatItSawAndDid) {
  Start();
  EXPECT_EQ(cycle->snapshots().Latest().time, MonotonicTime::min()) << "nothing yet";
  Run(5);
  Intent intent;
  intent.generation = 7;
  intent.mode = Mode::kIdle;
  cycle->intents().Publish(intent);
  Run(0.02);
  const Snapshot& snapshot = cycle->snapshots().Latest();
  EXPECT_EQ(snapshot.time, now);
  EXPECT_EQ(snapshot.converter_count, 1);
  EXPECT_EQ(snapshot.meter.power.value, site.meter.state.power.value);
  EXPECT_EQ(snapshot.battery.voltage.value, Volts(26.4));
  EXPECT_EQ(snapshot.converter_states[0].max_discharge, Watts(600));
  EXPECT_EQ(snapshot.intent.generation, 7u);
  EXPECT_EQ(snapshot.outputs.mode, Mode::kIdle);
  EXPECT_EQ(snapshot.outputs.converters[0].power, site.converter.last.power);
  EXPECT_EQ(snapshot.cycle.sequence, 251u);
  EXPECT_EQ(snapshot.cycle.period, Nanoseconds(20ms));
}

TEST_F(CycleTest, StartsWithTheConfiguredWishes) {
  site.settings.regulation.target = Watts(40);
  site.settings.regulation.discharge_enabled = false;
  Start();
  Run(5);
  const Snapshot& snapshot = cycle->snapshots().Latest();
  EXPECT_EQ(snapshot.intent.target, Watts(40));
  EXPECT_FALSE(snapshot.intent.discharger_enabled);
  EXPECT_EQ(site.converter.last.power, Watts(0));
}

struct InputCase {
  const char* name;
  std::function<void(FakeSite&)> change;
};

class CycleInputTest : public CycleTest, public testing::WithParamInterface<InputCase> {};

TEST_P(CycleInputTest, WhatADeviceSaysIsHeard) {
  Start();
  Run(5);
  ASSERT_NE(site.converter.last.power, Watts(0));
  refreshing = false;
  site.Refresh(now);
  GetParam().change(site);
  Run(0.04);
  EXPECT_EQ(site.converter.last.power, Watts(0));
}

INSTANTIATE_TEST_SUITE_P(Stops, CycleInputTest, testing::Values(
    InputCase{"ConverterConnecting", [](FakeSite& s) { s.converter.state.lifecycle = Lifecycle::kConnecting; }},
    InputCase{"ConverterInactive", [](FakeSite& s) { s.converter.state.lifecycle = Lifecycle::kInactive; }},
    InputCase{"ConverterFaulty", [](FakeSite& s) { s.converter.state.lifecycle = Lifecycle::kFaulty; }},
    InputCase{"ConverterCanDoNothing", [](FakeSite& s) { s.converter.state.max_discharge = Watts(0); }},
    InputCase{"BmsForbids", [](FakeSite& s) { s.battery.state.discharge_allowed = false; }},
    InputCase{"LowestCell", [](FakeSite& s) { s.battery.state.cell_lowest.value = Volts(3.0); }},
    InputCase{"ChargeState", [](FakeSite& s) { s.battery.state.soc = {Ratio(0), s.battery.state.voltage.taken_at, true}; }},
    InputCase{"DischargeLimit", [](FakeSite& s) {
                s.battery.state.discharge_current_limit = {Amperes(0), s.battery.state.voltage.taken_at, true};
              }},
    InputCase{"Temperature", [](FakeSite& s) {
                s.battery.state.temperature_lowest = s.battery.state.temperature_highest =
                    {Celsius(60), s.battery.state.voltage.taken_at, true};
              }},
    InputCase{"MeterExports", [](FakeSite& s) { s.meter.state.power.value = Watts(-900); }}),
    [](const auto& row) { return row.param.name; });

TEST_F(CycleTest, AMeterThatIsNotActiveIsNotUsed) {
  Start();
  refreshing = false;
  for (int i = 0; i < 10; ++i) {
    site.Refresh(now);
    site.meter.state.lifecycle = Lifecycle::kInactive;
    Run(1);
    EXPECT_EQ(site.converter.last.power, Watts(0));
  }
}

TEST_F(CycleTest, RunsWithoutABms) {
  site.devices.battery = nullptr;
  Start();
  for (int i = 0; i < 5; ++i) {
    Run(1);
    site.converter.state.dc_voltage = {Volts(26.4), now, true};
  }
  EXPECT_LT(site.converter.last.power, Watts(-200));
}

TEST_F(CycleTest, OldSamplesAreVoidAfterASuspend) {
  Start();
  Run(5);
  refreshing = false;
  samples_void = true;
  Run(0.02);
  EXPECT_EQ(site.converter.last.power, Watts(0));
}

TEST_F(CycleTest, FaultsAreEventsWhenTheyComeAndGo) {
  Start();
  Run(15);
  (void)Events();
  site.converter.state.lifecycle = Lifecycle::kConnecting;
  Run(1);
  std::vector<Event> events = Events();
  EXPECT_TRUE(Contains(events, Event::Kind::kFaultRaised, FaultId::kConverterSilent, 0));
  EXPECT_FALSE(Contains(events, Event::Kind::kFaultCleared, FaultId::kConverterSilent, 0));
  EXPECT_EQ(events.size(), 1u) << "once, not in every cycle";
  EXPECT_EQ(events[0].time, now - 980ms);
  site.converter.state.lifecycle = Lifecycle::kActive;
  Run(1);
  EXPECT_TRUE(Contains(Events(), Event::Kind::kFaultCleared, FaultId::kConverterSilent, 0));
}

TEST_F(CycleTest, ALatchedFaultIsClearedByAPersonOnly) {
  Start();
  Run(5);
  refreshing = false;
  for (int i = 0; i < 4; ++i) {
    site.Refresh(now);
    site.battery.state.cell_highest.value = Volts(3.70);
    Run(1);
  }
  std::vector<Event> events = Events();
  EXPECT_TRUE(Contains(events, Event::Kind::kFaultRaised, FaultId::kCellVoltageHigh));
  EXPECT_TRUE(Contains(events, Event::Kind::kFaultLatched, FaultId::kCellVoltageHigh));
  refreshing = true;
  Run(2);
  EXPECT_FALSE(Contains(Events(), Event::Kind::kFaultCleared, FaultId::kCellVoltageHigh));
  Intent intent;
  intent.clear_generation = 1;
  cycle->intents().Publish(intent);
  Run(1);
  EXPECT_TRUE(Contains(Events(), Event::Kind::kFaultCleared, FaultId::kCellVoltageHigh));
}

TEST_F(CycleTest, ModesAndFullAndEmptyAreEvents) {
  Start();
  Run(2);
  (void)Events();
  Intent intent;
  intent.mode = Mode::kChargeOnly;
  cycle->intents().Publish(intent);
  Run(0.02);
  std::vector<Event> events = Events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind, Event::Kind::kModeChanged);
  EXPECT_EQ(events[0].mode, Mode::kChargeOnly);

  refreshing = false;
  struct { double volts; Event::Kind kind; bool on; } const rows[] = {
      {3.46, Event::Kind::kBatteryFull, true},
      {3.30, Event::Kind::kBatteryFull, false},
      {3.00, Event::Kind::kBatteryEmpty, true},
      {3.30, Event::Kind::kBatteryEmpty, false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.volts);
    site.Refresh(now);
    site.battery.state.cell_lowest.value = site.battery.state.cell_highest.value = Volts(row.volts);
    Run(0.1);
    events = Events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].kind, row.kind);
    EXPECT_EQ(events[0].on, row.on);
  }
}

TEST_F(CycleTest, DroppedEventsAreCounted) {
  Start();
  Run(2);
  (void)Events();
  // Nobody reads: the queue holds 256, the rest is lost and told.
  Intent intent;
  for (int i = 0; i < 300; ++i) {
    intent.mode = i % 2 == 0 ? Mode::kIdle : Mode::kAutomatic;
    cycle->intents().Publish(intent);
    Run(0.02);
  }
  EXPECT_EQ(Events().size(), 256u);
  EXPECT_EQ(cycle->snapshots().Latest().cycle.events_dropped, 44u);
}

}  // namespace
}  // namespace abcds
