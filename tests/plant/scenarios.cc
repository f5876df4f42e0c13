#include "tests/plant/scenarios.h"

#include <cmath>
#include <vector>

#include "hal/sim/house/random.h"

namespace abcds::plant {
namespace {

constexpr double kNever = 1e6;

}  // namespace

Scenario SmallInverter(uint64_t seed, double speed, double watts) {
  Scenario scenario;
  sim::Random random(seed);
  scenario.meter.phase = FromSeconds(random.Uniform());
  scenario.meter.seed = seed;
  sim::ConverterOptions& device = scenario.device;
  device.lowest = Watts(-watts);
  device.minimum = Watts(watts > 1000 ? 75 : 27);
  device.dead_time = FromSeconds(0.25 / speed);
  device.start_delay = FromSeconds(0.5 / speed);
  device.ramp_up = WattsPerSecond(600 * speed);
  device.ramp_down = WattsPerSecond(1500 * speed);
  return scenario;
}

Scenario LargeConverter(double phase) {
  Scenario scenario;
  scenario.meter.phase = FromSeconds(phase);
  scenario.meter.averaging = Nanoseconds(0);
  scenario.meter.quantum = Watts(0);
  scenario.device = {.lowest = Watts(-2000),
                     .highest = Watts(2000),
                     .minimum = Watts(0),
                     .quantum = Watts(0),
                     .gain = 1.0,
                     .dead_time = FromSeconds(0.3),
                     .start_delay = Nanoseconds(0),
                     .ramp_up = WattsPerSecond(kNever),
                     .ramp_down = WattsPerSecond(kNever),
                     .lag = FromSeconds(0.4),
                     .readback_refresh = FromSeconds(0.1),
                     .readback_gain = 1.0,
                     .efficiency = 0.95,
                     .power_on = Watts(0)};
  return scenario;
}

Scenario SlowConverter(double phase) {
  Scenario scenario = LargeConverter(phase);
  scenario.device.dead_time = FromSeconds(2.0);
  scenario.device.lag = Nanoseconds(0);
  scenario.device.ramp_up = scenario.device.ramp_down = WattsPerSecond(300);
  return scenario;
}

MakeLoad LoadSteps(uint64_t seed) {
  return [seed] {
    sim::Random random(seed * 77 + 1);
    double level = random.Uniform(100, 500);
    std::vector<sim::ProfilePoint> points = {{0, level}};
    for (int step = 0; step < 14; ++step) {
      double next = level;
      while (std::fabs(next - level) < 130 || std::fabs(next - level) > 450) next = random.Uniform(40, 560);
      level = next;
      points.push_back({20.0 + 40.0 * step + random.Uniform(0, 5), level});
    }
    return sim::MakePoints(points);
  };
}

MakeLoad Kettle() {
  return [] { return sim::MakePoints({{0, 200}, {120.3, 2200}, {240.7, 200}, {360.2, 1200}, {480.9, 200}}); };
}

MakeLoad Ramps(double watts_per_second) {
  return [watts_per_second] {
    const double leg = 450.0 / watts_per_second;
    return sim::MakePoints({{0, 80}, {leg, 530}, {2 * leg, 80}}, true, 2 * leg);
  };
}

MakeLoad Household(uint64_t seed, double scale) {
  return [seed, scale] { return sim::MakeHousehold(seed, scale); };
}

MakeLoad UpAndDown(double base, double watts, double seconds) {
  return [=] { return sim::MakePoints({{0, base}, {seconds / 3, base + watts}, {2 * seconds / 3, base}}); };
}

}  // namespace abcds::plant
