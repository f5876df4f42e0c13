#include "server/plant/fake_cycle.h"

#include <utility>
#include <vector>

#include "hal/rt/clock.h"
#include "hal/units/check.h"

namespace abcds {

using std::chrono::milliseconds;

SiteFacts FakeSite() {
  SiteFacts facts;
  facts.site = "cottage";
  facts.version = "1.2.3";
  facts.meter = {"grid", "mqtt"};
  facts.battery = DeviceFacts{"bms", "house"};
  facts.converters = {{"charger", "house-charger"}, {"inverter", "lumentree"}};
  CoreSettings& settings = facts.settings;
  settings.converter_count = 2;
  settings.converters[0].charges = true;
  settings.converters[0].min_charge = Watts(50);
  settings.converters[0].max_charge = Watts(900);
  settings.converters[1].discharges = true;
  settings.converters[1].min_discharge = Watts(25);
  settings.converters[1].max_discharge = Watts(600);
  settings.converters[1].slew = WattsPerSecond(200);
  settings.battery.cells = 8;
  settings.regulation.target = Watts(5);
  return facts;
}

Snapshot FakeSnapshot(MonotonicTime now) {
  Snapshot s;
  s.time = now;
  s.converter_count = 2;
  s.meter = {{Watts(21), now - milliseconds(300), true}, 77, Lifecycle::kActive};
  s.battery.voltage = {Volts(26.4), now - milliseconds(200), true};
  s.battery.current = {Amperes(-15.5), now - milliseconds(200), true};
  s.battery.soc = {Ratio(0.53), now - milliseconds(200), true};
  s.battery.lifecycle = Lifecycle::kActive;
  s.converter_states[0].lifecycle = Lifecycle::kConnecting;
  ConverterState& inverter = s.converter_states[1];
  inverter.power = {Watts(-388), now - milliseconds(100), true};
  inverter.acknowledged = {Watts(-390), now - milliseconds(600), true};
  inverter.dc_voltage = {Volts(26.2), now - milliseconds(100), true};
  inverter.max_discharge = Watts(600);
  inverter.lifecycle = Lifecycle::kActive;
  Outputs& out = s.outputs;
  out.mode = Mode::kAutomatic;
  out.load = {Watts(411), now - milliseconds(300), true};
  out.battery_voltage = s.battery.voltage;
  out.battery_limits.charge = Watts(1280);
  out.battery_limits.discharge = Watts(1300);
  out.charged = Joules(3'600'000);
  out.discharged = Joules(7'200'000);
  out.plant = {Watts(-390), Watts(-391), Reason::kRegulating, Watts(0), false, now - milliseconds(1500)};
  out.converters[0].decision = {Watts(0), Watts(0), Reason::kConverterNotReady,
                                Watts(0), false,    now - milliseconds(1500)};
  out.converters[1].power = Watts(-390);
  out.converters[1].decision = out.plant;
  s.cycle.period = milliseconds(20);
  return s;
}

void AddFault(Snapshot& snapshot, FaultId id, int8_t converter, bool active, bool latched) {
  for (FaultStatus& slot : snapshot.outputs.faults) {
    if (slot.id != FaultId::kCount) continue;
    slot = {id, converter, active, latched, Severity::kStop, snapshot.time - std::chrono::seconds(9), 3};
    return;
  }
  ABCDS_CHECK(!"a free fault slot");
}

FakeCycle::FakeCycle(React react) : react_(std::move(react)), snapshots_(Snapshot()), intents_(Intent()) {}

FakeCycle::~FakeCycle() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void FakeCycle::Start() {
  thread_ = std::thread([this] { Run(); });
}

void FakeCycle::Push(const Event& event) {
  const std::lock_guard lock(mutex_);
  pending_.push_back(event);
}

void FakeCycle::Freeze() {
  frozen_ = true;
  while (!stands_) std::this_thread::yield();
}

void FakeCycle::Run() {
  uint64_t sequence = 0;
  while (!stopping_) {
    stands_ = frozen_.load();
    if (!stands_) {
      const Intent intent = intents_.Latest();
      Snapshot snapshot = FakeSnapshot(MonotonicNow());
      snapshot.intent = intent;
      snapshot.cycle.sequence = ++sequence;
      snapshot.outputs.mode = snapshot.time < intent.mode_ends ? intent.mode : Mode::kAutomatic;
      snapshot.outputs.target = intent.target;
      react_(snapshot);
      snapshots_.Publish(snapshot);
      const std::lock_guard lock(mutex_);
      for (const Event& event : pending_) events_.Push(event);
      pending_.clear();
    }
    std::this_thread::yield();
  }
}

}  // namespace abcds
