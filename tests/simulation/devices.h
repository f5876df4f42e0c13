// The devices of the simulated site: real sessions where there is a protocol, with the wire replaced by function calls.
#ifndef ABCDS_TESTS_SIMULATION_DEVICES_H_
#define ABCDS_TESTS_SIMULATION_DEVICES_H_

#include <deque>
#include <optional>
#include <string>

#include "hal/api/battery_monitor.h"
#include "hal/api/grid_meter.h"
#include "hal/api/power_converter.h"
#include "hal/drivers/lumentree/session.h"
#include "hal/drivers/mqtt_meter/session.h"
#include "hal/sim/house/battery_model.h"
#include "hal/sim/house/converter_model.h"
#include "hal/sim/house/random.h"
#include "hal/units/time.h"
#include "tests/simulation/faults.h"

namespace abcds::simulation {

// The Lumentree's session on a Modbus line whose other end answers from the house's converter model. Registers are
// written down here once more, from the protocol: an error shared with the driver's codec would be invisible.
class Inverter final : public PowerConverter {
 public:
  Inverter(sim::ConverterModel& model, Watts max_power, sim::Random& random);

  void Start() override {}
  void Stop() override {}
  [[nodiscard]] DeviceDetails Details() const override { return {}; }
  [[nodiscard]] ThreadProgress progress() const noexcept override { return {}; }
  [[nodiscard]] ConverterState Latest() noexcept override { return session_.state(); }
  void Command(const ConverterCommand& command) noexcept override { session_.SetCommand(command, now_); }

  // Advances the line to `now`.
  void Step(MonotonicTime now, const Faults& faults, Volts battery);
  // Its AC was away: back at full power by itself. The driver needs its read-back to find out.
  void Restart();

  [[nodiscard]] Watts setpoint() const { return model_.setpoint(); }
  // Since when it could have been told something, without interruption.
  [[nodiscard]] MonotonicTime reachable_since() const { return reachable_since_; }
  // Setpoints received, in order, since the last look.
  std::deque<Watts> TakeWrites();
  // The first setpoint after the line or the inverter was away.
  [[nodiscard]] std::optional<Watts> first_write_after_silence() const { return first_write_; }

 private:
  [[nodiscard]] ModbusReply Answer(const ModbusRequest& request, const Faults& faults, Volts battery);

  struct Exchange {
    ModbusRequest request;
    ModbusReply reply;
    MonotonicTime sent_at;
    MonotonicTime ends_at;
  };
  sim::ConverterModel& model_;
  sim::Random& random_;
  lumentree::Session session_;
  std::optional<Exchange> exchange_;
  MonotonicTime now_ = MonotonicTime::min();
  MonotonicTime reachable_since_ = MonotonicTime::max();
  bool link_up_ = false;
  std::deque<Watts> writes_;
  bool was_away_ = true;
  std::optional<Watts> first_write_;
};

// The MQTT meter's session, fed with payloads as a broker would.
class Meter final : public GridMeter {
 public:
  Meter(Nanoseconds interval, sim::Random& random);

  void Start() override {}
  void Stop() override {}
  [[nodiscard]] DeviceDetails Details() const override { return {}; }
  [[nodiscard]] MeterState Latest() noexcept override { return session_.state(); }

  void Step(MonotonicTime now, const Faults& faults, std::optional<Watts> measured);
  // The last live value was delivered then; a frozen or flipped one is live, too.
  [[nodiscard]] MonotonicTime last_good() const { return last_good_; }

 private:
  void Deliver(const std::string& payload, bool retained);

  sim::Random& random_;
  mqtt_meter::Session session_;
  MonotonicTime now_ = MonotonicTime::min();
  bool connected_ = false;
  Watts last_value_;
  std::string stored_;                // the broker's retained copy
  std::deque<std::string> missed_;    // published while we were away, replayed by a bad broker
  MonotonicTime last_good_ = MonotonicTime::min();
};

// A BMS that answers once a second, if nothing else is said.
class Monitor final : public BatteryMonitor {
 public:
  explicit Monitor(sim::BatteryModel& model) : model_(model) {}

  void Start() override {}
  void Stop() override {}
  [[nodiscard]] DeviceDetails Details() const override { return {}; }
  [[nodiscard]] BatteryState Latest() noexcept override { return state_; }

  void SetInterval(Nanoseconds interval) { interval_ = interval; }
  // Of its current, up to ±. `random` must outlive this.
  void SetNoise(Amperes noise, sim::Random& random) {
    noise_ = noise;
    random_ = &random;
  }
  void Step(MonotonicTime now, const Faults& faults);

 private:
  sim::BatteryModel& model_;
  Nanoseconds interval_ = std::chrono::seconds(1);
  Amperes noise_{0};
  sim::Random* random_ = nullptr;
  BatteryState state_;
  MonotonicTime due_ = MonotonicTime::min();
};

// A charger without a wire of its own: obeys at once, stops when its command expires, and knows no DC voltage. When its
// link is lost it goes on as it is; the first thing that it is told afterwards is 0 W.
class Charger final : public PowerConverter {
 public:
  explicit Charger(sim::ConverterModel& model) : model_(model) {}
  // Each setpoint wears its memory out.
  void SetWriteLimited() {
    state_.write_limited = true;
    state_.memory_writes = 0;
  }

  void Start() override {}
  void Stop() override {}
  [[nodiscard]] DeviceDetails Details() const override { return {}; }
  [[nodiscard]] ThreadProgress progress() const noexcept override { return {}; }
  [[nodiscard]] ConverterState Latest() noexcept override { return state_; }
  void Command(const ConverterCommand& command) noexcept override { command_ = command; }

  void Step(MonotonicTime now, const Faults& faults);
  [[nodiscard]] Watts setpoint() const { return model_.setpoint(); }
  // Since when it hears, without interruption.
  [[nodiscard]] MonotonicTime reachable_since() const { return reachable_since_; }

 private:
  sim::ConverterModel& model_;
  ConverterState state_;
  ConverterCommand command_;
  MonotonicTime reachable_since_ = MonotonicTime::max();
};

}  // namespace abcds::simulation

#endif  // ABCDS_TESTS_SIMULATION_DEVICES_H_
