// The plants and loads that laws are compared on.
#ifndef ABCDS_TESTS_PLANT_SCENARIOS_H_
#define ABCDS_TESTS_PLANT_SCENARIOS_H_

#include <cstdint>

#include "tests/plant/closed_loop.h"

namespace abcds::plant {

// A small grid-tie inverter: steps of 2 W, gain 0.985, 0.25 s dead time (0.5 s more from 0 W), +600 / -1500 W/s, all times
// divided by `speed`; a meter that sends the mean of a second, half a second late, at a phase drawn from the seed.
Scenario SmallInverter(uint64_t seed, double speed = 1.0, double watts = 600);
// A 2 kW device that goes both ways: 0.3 s dead time and a lag of 0.4 s.
Scenario LargeConverter(double phase);
// A slow one: 2 s dead time, 300 W/s.
Scenario SlowConverter(double phase);

using MakeLoad = std::function<std::unique_ptr<sim::Profile>()>;
// 14 steps of 50 to 450 W in ten minutes.
MakeLoad LoadSteps(uint64_t seed);
// 200 / 2200 / 200 / 1200 / 200 W.
MakeLoad Kettle();
// Up and down with this slope between 80 and 530 W.
MakeLoad Ramps(double watts_per_second);
// Refrigerator, kettle, microwave, washing machine, noise; appliances shrunk to what a small inverter can follow.
MakeLoad Household(uint64_t seed, double scale);
// One step of `watts` up and, half way, down again.
MakeLoad UpAndDown(double base, double watts, double seconds);

}  // namespace abcds::plant

#endif  // ABCDS_TESTS_PLANT_SCENARIOS_H_
