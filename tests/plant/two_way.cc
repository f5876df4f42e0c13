#include "tests/plant/two_way.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "control/core/control_core.h"
#include "hal/rt/realtime_scope.h"
#include "tests/plant/net_load.h"

namespace abcds::plant {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr Nanoseconds kStep = 10ms;
constexpr int kStepsPerCycle = 2;
constexpr Nanoseconds kPoll = 250ms;
constexpr Nanoseconds kWriteTime = 25ms;
constexpr Nanoseconds kSettleIn = 15s;
constexpr Nanoseconds kBmsPeriod = 1s;
constexpr MonotonicTime kStart{1000s};
constexpr Watts kRuns{20};

using Setpoints = std::vector<Watts>;

class Controller {
 public:
  virtual ~Controller() = default;
  virtual void Step(MonotonicTime now, std::optional<Watts> meter, Watts exact_load, sim::House& house,
                    Setpoints& setpoints) = 0;
};

class Ours final : public Controller {
 public:
  explicit Ours(const TwoWaySite& site) : core_(site.settings) {
    inputs_.battery.present = true;
    for (size_t i = 0; i < site.devices.size(); ++i) {
      ConverterInput& input = inputs_.converters[i];
      input.ready = true;
      input.max_charge = std::max(site.devices[i].highest, Watts(0));
      input.max_discharge = std::max(-site.devices[i].lowest, Watts(0));
      input.write_limited = i < site.write_limited.size() && site.write_limited[i];
      if (input.write_limited) input.memory_writes = 0;
    }
  }

  void Step(MonotonicTime now, std::optional<Watts> meter, Watts, sim::House& house, Setpoints& setpoints) override {
    inputs_.now = now;
    inputs_.dt = kStepsPerCycle * kStep;
    if (meter) inputs_.meter = {{*meter, now, true}, inputs_.meter.sequence + 1, true};
    if (now >= poll_due_) {
      poll_due_ = now + kPoll;
      for (size_t i = 0; i < setpoints.size(); ++i) {
        inputs_.converters[i].power = {house.converter(i).readback(), now, true};
        inputs_.converters[i].acknowledged = {setpoints[i], now, true};
      }
    }
    if (now >= bms_due_) {
      bms_due_ = now + kBmsPeriod;
      ReadBattery(now, house.battery());
    }
    {
      RealtimeScope scope;
      core_.Step(inputs_, outputs);
    }
    for (size_t i = 0; i < setpoints.size(); ++i) setpoints[i] = outputs.converters[i].power;
  }

  void Stored(size_t device, int writes) {
    std::optional<uint64_t>& counted = inputs_.converters[device].memory_writes;
    if (counted) counted = static_cast<uint64_t>(writes);
  }

  Outputs outputs;

 private:
  void ReadBattery(MonotonicTime now, const sim::BatteryModel& battery) {
    auto sample = [now](auto value) { return Sample<decltype(value)>{value, now, true}; };
    BatteryInput& in = inputs_.battery;
    in.voltage = sample(battery.voltage());
    in.current = sample(battery.current());
    in.soc = sample(battery.soc());
    in.cell_lowest = sample(battery.cell_lowest());
    in.cell_highest = sample(battery.cell_highest());
    in.temperature_lowest = in.temperature_highest = sample(battery.temperature());
  }

  ControlCore core_;
  Inputs inputs_;
  MonotonicTime poll_due_ = MonotonicTime::min();
  MonotonicTime bms_due_ = MonotonicTime::min();
};

class Oracle final : public Controller {
 public:
  explicit Oracle(const TwoWaySite& site) : site_(site) {}
  void Step(MonotonicTime, std::optional<Watts> meter, Watts exact_load, sim::House&, Setpoints& setpoints) override {
    if (!meter) return;
    for (size_t i = 0; i < setpoints.size(); ++i) {
      const sim::ConverterOptions& device = site_.devices[i];
      const Watts wanted = std::clamp(-exact_load / device.gain, device.lowest, device.highest);
      const double hold = setpoints[i] != Watts(0) && wanted.value() * setpoints[i].value() > 0 ? 0.6 : 1.0;
      if (Magnitude(wanted) < device.minimum * hold) setpoints[i] = Watts(0);
      else setpoints[i] = wanted > Watts(0) ? std::max(wanted, device.minimum) : std::min(wanted, -device.minimum);
    }
  }

 private:
  const TwoWaySite& site_;
};

struct OnWire {
  Nanoseconds due;
  size_t device;
  Watts setpoint;
};

// What a device could have done about this net load; NaN where none could.
double Possible(const TwoWaySite& site, double net) {
  for (const sim::ConverterOptions& device : site.devices) {
    const bool charges = net < 0 && device.highest > Watts(0);
    const bool discharges = net > 0 && device.lowest < Watts(0);
    const double most = charges ? device.highest.value() : -device.lowest.value();
    if ((charges || discharges) && std::fabs(net) >= device.minimum.value() && std::fabs(net) <= most) return -net;
  }
  return NAN;
}

}  // namespace

CoreSettings TwoWaySettings(const TwoWaySite& site, double told) {
  auto delay = [told](Nanoseconds truth) { return FromSeconds(ToSeconds(truth) * told); };
  CoreSettings settings;
  settings.meter.interval = site.meter.interval;
  settings.meter.latency = delay(site.meter.latency);
  settings.meter.averaging = delay(site.meter.averaging);
  settings.battery.cells = site.battery.cells;
  settings.battery.resistance = site.battery.resistance;
  settings.battery.max_charge_current = Amperes(60);
  settings.battery.max_discharge_current = Amperes(60);
  for (const sim::ConverterOptions& device : site.devices) {
    ConverterSettings& one = settings.converters[static_cast<size_t>(settings.converter_count++)];
    one.charges = device.highest > Watts(0);
    one.discharges = device.lowest < Watts(0);
    one.max_charge = std::max(device.highest, Watts(0));
    one.max_discharge = std::max(-device.lowest, Watts(0));
    one.min_charge = one.charges ? device.minimum : Watts(0);
    one.min_discharge = one.discharges ? device.minimum : Watts(0);
    one.response.dead_time = delay(device.dead_time);
    one.response.start_delay = delay(device.start_delay);
    one.response.ramp_up = WattsPerSecond(device.ramp_up.value() / told);
    one.response.ramp_down = WattsPerSecond(device.ramp_down.value() / told);
  }
  return settings;
}

namespace {

// What a Mean Well's memory sees of a new setpoint: its current where that is new, and where it starts OPERATION; where it
// turns around, the other direction's least current and DIRECTION_CTRL, too. Other devices have no such memory: one each.
class WriteCounter {
 public:
  explicit WriteCounter(bool remembers) : remembers_(remembers) {}
  void OnSetpoint(Watts before, Watts after) {
    ++setpoints_;
    ++stored_;
    if (!remembers_ || after == Watts(0)) return;
    if (before == Watts(0) && after != ran_) ++stored_;
    if (after.value() * ran_.value() < 0) stored_ += 2;
    ran_ = after;
  }
  [[nodiscard]] int setpoints() const { return setpoints_; }
  [[nodiscard]] int stored() const { return stored_; }

 private:
  bool remembers_;
  int setpoints_ = 0;
  int stored_ = 0;
  Watts ran_;
};

}  // namespace

TwoWayResult Run(const TwoWaySite& site, Who who) {
  sim::HouseOptions options;
  options.meter = site.meter;
  options.battery = site.battery;
  options.converters = site.devices;
  sim::House house(options, site.load(), site.sun());
  NetLoad net_load(site.meter, kStep);
  std::unique_ptr<Controller> controller;
  Ours* ours = nullptr;
  if (who == Who::kOurs) {
    auto made = std::make_unique<Ours>(site);
    ours = made.get();
    controller = std::move(made);
  } else {
    controller = std::make_unique<Oracle>(site);
  }

  TwoWayResult result;
  const size_t count = site.devices.size();
  Setpoints setpoints(count);
  std::vector<WriteCounter> writes;
  for (size_t i = 0; i < count; ++i) writes.emplace_back(i < site.write_limited.size() && site.write_limited[i]);
  std::deque<OnWire> wire;
  std::optional<Watts> message;
  Watts exact;
  double controllable_s = 0;
  double measured_s = 0;
  const double seconds = ToSeconds(kStep);
  for (int64_t step = 1; step * kStep <= site.duration; ++step) {
    const Nanoseconds t = step * kStep;
    while (!wire.empty() && wire.front().due <= t) {
      house.converter(wire.front().device).Set(wire.front().setpoint);
      wire.pop_front();
    }
    const std::optional<Watts> measured = house.Step(kStep);
    if (measured && t < site.meter_silent_from) {
      message = measured;
      exact = net_load.MeanOverWindow();
    }
    const double net = (house.load() - house.sun()).value();
    net_load.Add(net);
    if (step % kStepsPerCycle == 0) {
      const Setpoints before = setpoints;
      controller->Step(kStart + t, message, exact, house, setpoints);
      message.reset();
      for (size_t i = 0; i < count; ++i) {
        if (setpoints[i] == before[i]) continue;
        writes[i].OnSetpoint(before[i], setpoints[i]);
        if (ours != nullptr) ours->Stored(i, writes[i].stored());
        wire.push_back({t + kWriteTime, i, setpoints[i]});
      }
      if (ours != nullptr) {
        result.was_full |= ours->outputs.battery_limits.full;
        result.was_empty |= ours->outputs.battery_limits.empty;
      }
    }

    bool charges = false;
    bool discharges = false;
    for (size_t i = 0; i < count; ++i) {
      const Watts power = house.converter(i).power();
      charges |= power > kRuns;
      discharges |= power < -kRuns;
      (power > Watts(0) ? result.charged_wh : result.discharged_wh) += Magnitude(power).value() * seconds / 3600;
    }
    if (charges && discharges) result.circulation_s += seconds;
    result.cell_highest_v = std::max(result.cell_highest_v, house.battery().cell_highest().value());
    result.cell_lowest_v = std::min(result.cell_lowest_v, house.battery().cell_lowest().value());
    if (t >= site.meter_silent_from) {
      if (charges || discharges) result.zero_after_silence_s = -1;
      else if (result.zero_after_silence_s < 0) result.zero_after_silence_s = ToSeconds(t - site.meter_silent_from);
    }
    if (t < kSettleIn) continue;
    measured_s += seconds;
    const double possible = Possible(site, net);
    if (std::isnan(possible)) continue;
    const double grid = house.grid().value() - (net + possible);
    controllable_s += seconds;
    result.mean_error_w += std::fabs(grid) * seconds;
    (grid > 0 ? result.import_wh : result.export_wh) += std::fabs(grid) * seconds / 3600;
  }
  result.mean_error_w /= std::max(controllable_s, 1.0);
  result.controllable_share = controllable_s / measured_s;
  for (const WriteCounter& one : writes) {
    result.writes_per_h.push_back(one.setpoints() * 3600.0 / ToSeconds(site.duration));
    result.memory_writes_per_h.push_back(one.stored() * 3600.0 / ToSeconds(site.duration));
  }
  return result;
}

sim::ConverterOptions Npb1200() {
  constexpr double kWattsPerAmpere = 26.4 / 0.92;
  sim::ConverterOptions device;
  device.lowest = Watts(0);
  device.highest = Watts(36 * kWattsPerAmpere);
  device.minimum = Watts(7.2 * kWattsPerAmpere);
  device.quantum = Watts(0.01 * kWattsPerAmpere);
  device.gain = 0.99;
  device.dead_time = 50ms;
  device.start_delay = 1s;
  device.ramp_up = device.ramp_down = WattsPerSecond(15 * kWattsPerAmpere);
  device.efficiency = 0.92;
  return device;
}

sim::ConverterOptions Lumentree600() {
  sim::ConverterOptions device;
  device.minimum = Watts(27);
  return device;
}

sim::ConverterOptions Bic2200() {
  sim::ConverterOptions device;
  device.lowest = Watts(-1100);
  device.highest = Watts(1100);
  device.minimum = Watts(95);
  device.quantum = Watts(0.5);
  device.gain = 0.99;
  device.dead_time = 100ms;
  device.start_delay = 200ms;
  device.ramp_up = device.ramp_down = WattsPerSecond(1500);
  device.efficiency = 0.92;
  return device;
}

TwoWaySite CloudEdges(uint64_t seed, bool write_limited) {
  TwoWaySite site;
  sim::Random random(seed);
  site.devices = {Npb1200(), Lumentree600()};
  site.write_limited = {write_limited, false};
  site.meter.phase = FromSeconds(random.Uniform());
  site.meter.seed = seed;
  site.load = [seed] {
    sim::Random draw(seed * 31 + 7);
    std::vector<sim::ProfilePoint> points = {{0, 300}};
    for (double t = 8; t < 600; t += draw.Uniform(15, 50)) points.push_back({t, draw.Uniform(180, 620)});
    return sim::MakePoints(points);
  };
  // Small clouds in a fresh wind: an edge crosses the roof in two to ten seconds.
  site.sun = [seed] {
    sim::Random draw(seed * 17 + 3);
    std::vector<sim::ProfilePoint> points = {{0, 900}};
    for (double t = 5; t < 600; t += draw.Uniform(12, 40)) {
      const double before = points.back().watts;
      points.push_back({t, before});
      t += draw.Uniform(2, 10);
      points.push_back({t, before > 600 ? draw.Uniform(150, 450) : draw.Uniform(800, 1300)});
    }
    return sim::MakePoints(points, true);
  };
  site.settings = TwoWaySettings(site, 1.2);
  if (write_limited) site.settings.converters[0].writes_per_hour = kDefaultMemoryWrites;
  return site;
}

TwoWaySite SunnyDay(uint64_t seed, bool bidirectional) {
  TwoWaySite site;
  if (bidirectional) {
    site.devices = {Bic2200()};
    site.battery.cells = 16;
    site.battery.capacity_ah = 50;
  } else {
    site.devices = {Npb1200(), Lumentree600()};
  }
  site.write_limited = {true, false};
  site.battery.soc = Ratio(0.55);
  site.meter.seed = seed;
  site.duration = std::chrono::hours(24);
  site.load = [seed] { return sim::MakeHousehold(seed, 0.3, 3.0); };
  // Twelve hours of sun, then the night.
  site.sun = [seed]() -> std::unique_ptr<sim::Profile> {
    class Day final : public sim::Profile {
     public:
      explicit Day(std::unique_ptr<sim::Profile> sun) : sun_(std::move(sun)) {}
      Watts At(Nanoseconds t) override { return t < std::chrono::hours(12) ? sun_->At(t) : Watts(0); }

     private:
      std::unique_ptr<sim::Profile> sun_;
    };
    return std::make_unique<Day>(sim::MakeCloudySun(seed, 1500, 12 * 3600));
  };
  site.settings = TwoWaySettings(site, 1.2);
  site.settings.converters[0].writes_per_hour = 100;
  return site;
}

}  // namespace abcds::plant
