#include "tests/simulation/devices.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>

namespace abcds::simulation {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr Nanoseconds kExchange = 30ms;  // at 9600 baud, the inverter's thinking included
constexpr size_t kReplayed = 20;

std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string Print(Watts power) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", power.value());
  return text;
}

mqtt_meter::Codec PlainNumbers() {
  auto codec = mqtt_meter::Codec::Create(mqtt_meter::CodecOptions{});
  return *codec;
}

}  // namespace

Inverter::Inverter(sim::ConverterModel& model, Watts max_power, sim::Random& random)
    : model_(model),
      random_(random),
      session_(lumentree::Traits{.name = "simulated", .max_power = max_power, .min_power = Watts(28)}, 1) {}

ModbusReply Inverter::Answer(const ModbusRequest& request, const Faults& faults, Volts battery) {
  ModbusReply reply;
  if (faults.inverter_silent.Active(now_)) return reply;
  if (faults.replies_lost.Active(now_) && random_.OneIn(4)) {
    // What is lost may be the request or only its reply.
    if (random_.OneIn(2)) return reply;
    reply.result = ModbusResult::kCorrupt;
  } else if (faults.inverter_refuses.Active(now_)) {
    reply.result = ModbusResult::kException;
    reply.exception = 4;
    return reply;
  } else {
    reply.result = ModbusResult::kOk;
  }
  if (request.function == ModbusRequest::Function::kWriteMultipleRegisters) {
    const Watts setpoint(-static_cast<double>(request.values[0]));
    if (was_away_) first_write_ = setpoint;
    was_away_ = false;
    model_.Set(setpoint);
    writes_.push_back(setpoint);
    return reply;
  }
  reply.count = 1;
  auto put = [&reply](double value) { reply.values[0] = static_cast<uint16_t>(std::lround(value)); };
  switch (request.address) {
    case 107: put(Magnitude(model_.readback()).value() * 10); break;
    case 109: put(battery.value() * 10); break;
    case 70: put(2310); break;
    case 94: put(319); break;
    default: reply.result = ModbusResult::kException; reply.exception = 2;
  }
  return reply;
}

void Inverter::Step(MonotonicTime now, const Faults& faults, Volts battery) {
  now_ = now;
  const bool up = !faults.line_down.Active(now);
  if (up != link_up_) {
    link_up_ = up;
    exchange_.reset();
    session_.OnLink(up, now);
  }
  const bool reachable = up && !faults.inverter_silent.Active(now) && !faults.inverter_refuses.Active(now) &&
                         !faults.replies_lost.Active(now);
  if (!reachable) reachable_since_ = MonotonicTime::max();
  else if (reachable_since_ == MonotonicTime::max()) reachable_since_ = now;
  if (!up) {
    was_away_ = true;
    return;
  }
  if (exchange_) {
    if (now < exchange_->ends_at) return;
    const Exchange done = *exchange_;
    exchange_.reset();
    session_.OnReply(done.request, done.reply, done.sent_at, now);
  }
  if (const std::optional<ModbusClient::Due> due = session_.NextRequest(now)) {
    const ModbusReply reply = Answer(due->request, faults, battery);
    const bool timeout = reply.result == ModbusResult::kTimeout;
    exchange_ = Exchange{due->request, reply, now, now + (timeout ? due->request.timeout : kExchange)};
  }
}

void Inverter::Restart() {
  model_.Restart();
  // Off by more than 60 W for more than 2 s, after its ramp: until then nobody can know.
  if (reachable_since_ != MonotonicTime::max()) reachable_since_ = now_ + 3s;
}

std::deque<Watts> Inverter::TakeWrites() {
  std::deque<Watts> writes;
  writes.swap(writes_);
  return writes;
}

Meter::Meter(Nanoseconds interval, sim::Random& random)
    : random_(random),
      session_(PlainNumbers(), mqtt_meter::SessionOptions{.topic = "grid/power", .interval = interval}) {}

void Meter::Deliver(const std::string& payload, bool retained) { session_.OnMessage(Bytes(payload), retained, now_); }

void Meter::Step(MonotonicTime now, const Faults& faults, std::optional<Watts> measured) {
  now_ = now;
  const bool up = !faults.broker_down.Active(now);
  if (up != connected_) {
    connected_ = up;
    if (up) {
      session_.OnConnected(now);
      session_.OnSubscribed(true, now);
      if (!stored_.empty()) Deliver(stored_, true);
      for (const std::string& old : missed_) Deliver(old, false);
      missed_.clear();
    } else {
      session_.OnDisconnected("connection refused", now);
    }
  }
  if (session_.NextDue() <= now) session_.OnTime(now);
  if (!measured || faults.meter_silent.Active(now)) return;

  Watts value = *measured;
  bool good = true;
  if (faults.meter_flipped.Active(now)) value = -value;
  if (faults.meter_frozen.Active(now)) value = last_value_;
  last_value_ = value;
  std::string payload = Print(value);
  if (faults.meter_garbage.Active(now)) {
    static constexpr std::array<const char*, 10> kGarbage = {"nan",  "",     "inf",   "1e9",  "-100000",
                                                             "null", "12,5", "0x1F4", "true", "unavailable"};
    payload = kGarbage[random_.Raw() % kGarbage.size()];
    good = false;
  }
  stored_ = payload;
  if (!up) {
    missed_.push_back(payload);
    if (missed_.size() > kReplayed) missed_.pop_front();
    return;
  }
  Deliver(payload, false);
  if (good) last_good_ = now;
}

void Monitor::Step(MonotonicTime now, const Faults& faults) {
  if (now < due_ || faults.bms_silent.Active(now)) return;
  due_ = now + interval_;
  const Amperes noise = random_ == nullptr ? Amperes(0) : noise_ * random_->Uniform(-1, 1);
  auto sample = [now](auto value) { return Sample<decltype(value)>{value, now, true}; };
  const Volts drift(faults.cell_drifts.Active(now) ? 0.35 : 0.0);
  state_.voltage = sample(model_.voltage());
  state_.current = sample(model_.current() + noise);
  state_.soc = sample(model_.soc());
  state_.cell_lowest = sample(model_.cell_lowest());
  state_.cell_highest = sample(model_.cell_highest() + drift);
  const Celsius temperature = faults.cells_cold.Active(now) ? Celsius(-2) : model_.temperature();
  state_.temperature_lowest = sample(temperature);
  state_.temperature_highest = sample(temperature);
  state_.charge_allowed = !faults.bms_forbids_charge.Active(now);
  state_.discharge_allowed = !faults.bms_forbids_discharge.Active(now);
  state_.lifecycle = Lifecycle::kActive;
}

void Charger::Step(MonotonicTime now, const Faults& faults) {
  if (faults.charger_silent.Active(now)) {
    reachable_since_ = MonotonicTime::max();
    state_.lifecycle = Lifecycle::kConnecting;
    return;
  }
  if (reachable_since_ == MonotonicTime::max()) {
    reachable_since_ = now;
    command_ = {};
  }
  const Watts wanted = now < command_.expires_at ? command_.power : Watts(0);
  if (wanted != model_.setpoint()) {
    model_.Set(wanted);
    if (state_.write_limited) ++*state_.memory_writes;
  }
  state_.power = {model_.readback(), now, true};
  state_.acknowledged = {wanted, now, true};
  state_.max_charge = model_.options().highest;
  state_.lifecycle = Lifecycle::kActive;
}

}  // namespace abcds::simulation
