#include "tests/plant/closed_loop.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "tests/plant/net_load.h"

namespace abcds::plant {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr Nanoseconds kStep = 10ms;
constexpr int kStepsPerCycle = 2;
constexpr Nanoseconds kPoll = 250ms;       // read-back
constexpr Nanoseconds kWriteTime = 25ms;   // one Modbus exchange at 9600 baud
constexpr Nanoseconds kSettleIn = 15s;     // not measured: start-up
constexpr double kBand = 50.0;
constexpr double kStepSize = 40.0;

// Follows load steps and says how long the grid took to come back.
class Stopwatch {
 public:
  void Step(double seconds, double load, double grid, Result& result) {
    if (known_ && std::fabs(load - load_) >= kStepSize) {
      Finish(result);
      stepped_at_ = seconds;
      last_outside_ = seconds;
      sign_ = load > load_ ? 1.0 : -1.0;
      running_ = true;
    }
    load_ = load;
    known_ = true;
    if (!running_) return;
    if (std::fabs(grid) > kBand) last_outside_ = seconds;
    result.overshoot_w = std::max(result.overshoot_w, -sign_ * grid);
    if (seconds - stepped_at_ > 20.0) result.late_ripple_w = std::max(result.late_ripple_w, std::fabs(grid));
  }
  void Finish(Result& result) {
    if (running_) result.settling_s.push_back(last_outside_ - stepped_at_);
  }

 private:
  bool known_ = false;
  bool running_ = false;
  double load_ = 0, stepped_at_ = 0, last_outside_ = 0, sign_ = 1;
};

}  // namespace

CoreSettings SettingsFor(const Scenario& scenario) {
  const double told = scenario.told;
  auto delay = [told](Nanoseconds truth) { return FromSeconds(ToSeconds(truth) * told); };
  CoreSettings settings;
  settings.meter.interval = scenario.meter.interval;
  settings.meter.latency = std::max(Nanoseconds(0), delay(scenario.meter.latency) + scenario.latency_error);
  settings.meter.averaging = delay(scenario.meter.averaging);
  settings.battery.cells = 8;
  settings.battery.max_charge_current = Amperes(200);
  settings.battery.max_discharge_current = Amperes(200);
  settings.converter_count = 1;
  ConverterSettings& device = settings.converters[0];
  device.charges = scenario.device.highest > Watts(0);
  device.discharges = scenario.device.lowest < Watts(0);
  device.max_charge = std::max(scenario.device.highest, Watts(0));
  device.max_discharge = std::max(-scenario.device.lowest, Watts(0));
  device.min_charge = device.min_discharge = scenario.device.minimum;
  device.response.dead_time = delay(scenario.device.dead_time);
  device.response.start_delay = delay(scenario.device.start_delay);
  device.response.ramp_up = WattsPerSecond(scenario.device.ramp_up.value() / told);
  device.response.ramp_down = WattsPerSecond(scenario.device.ramp_down.value() / told);
  device.response.lag = delay(scenario.device.lag);
  return settings;
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double Maximum(const std::vector<double>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

Result Run(const Scenario& scenario, Law& law) {
  sim::HouseOptions options;
  options.meter = scenario.meter;
  options.converters = {scenario.device};
  sim::House house(options, scenario.load(), sim::MakePoints({{0, 0}}));
  sim::ConverterModel& device = house.converter(0);
  NetLoad net_load(scenario.meter, kStep);
  Stopwatch stopwatch;
  Result result;

  const MonotonicTime start{1000s};
  View view;
  Nanoseconds poll_due{0};
  struct OnWire {
    Nanoseconds due;
    Watts setpoint;
  };
  std::deque<OnWire> wire;
  Watts commanded;
  int writes = 0;
  double measured_seconds = 0;

  for (int64_t step = 1; step * kStep <= scenario.duration; ++step) {
    const Nanoseconds t = step * kStep;
    while (!wire.empty() && wire.front().due <= t) {
      device.Set(wire.front().setpoint);
      wire.pop_front();
    }
    if (const std::optional<Watts> message = house.Step(kStep)) {
      view.meter = message;
      view.exact_load = net_load.MeanOverWindow();
    }
    const double load = (house.load() - house.sun()).value();
    net_load.Add(load);
    if (t >= poll_due) {
      poll_due = t + kPoll;
      view.readback = {device.readback(), start + t, true};
    }
    if (step % kStepsPerCycle == 0) {
      view.now = start + t;
      view.dt = kStepsPerCycle * kStep;
      view.battery = Volts(26.4);
      const Watts setpoint = law.Step(view);
      view.meter.reset();
      if (setpoint != commanded) {
        commanded = setpoint;
        ++writes;
        wire.push_back({t + kWriteTime, setpoint});
      }
    }
    if (t < kSettleIn) continue;
    // What the device cannot do is nobody's error.
    const double possible = std::clamp(-load, scenario.device.lowest.value(), scenario.device.highest.value());
    const double grid = house.grid().value() - (load + possible);
    const double seconds = ToSeconds(kStep);
    result.mean_error_w += std::fabs(grid) * seconds;
    result.mean_deviation_w += grid * seconds;
    (grid > 0 ? result.import_wh : result.export_wh) += std::fabs(grid) * seconds / 3600.0;
    measured_seconds += seconds;
    stopwatch.Step(ToSeconds(t), load, grid, result);
  }
  stopwatch.Finish(result);
  result.mean_error_w /= measured_seconds;
  result.mean_deviation_w /= measured_seconds;
  result.writes_per_h = writes * 3600.0 / ToSeconds(scenario.duration);
  return result;
}

}  // namespace abcds::plant
