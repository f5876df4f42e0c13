// Runs a control law against the house model and measures what an electricity meter and a stopwatch would.
#ifndef ABCDS_TESTS_PLANT_CLOSED_LOOP_H_
#define ABCDS_TESTS_PLANT_CLOSED_LOOP_H_

#include <functional>
#include <memory>
#include <vector>

#include "control/core/settings.h"
#include "hal/sim/house/house.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"
#include "tests/plant/law.h"

namespace abcds::plant {

struct Scenario {
  sim::ConverterOptions device;
  sim::MeterOptions meter;
  std::function<std::unique_ptr<sim::Profile>()> load;
  Nanoseconds duration = std::chrono::minutes(10);
  // What the configuration believes: every delay told as this multiple of the truth.
  double told = 1.0;
  // The meter's latency is told wrong by this much, on top.
  Nanoseconds latency_error{0};
};

// Settings that describe the scenario's plant, with its delays as told.
CoreSettings SettingsFor(const Scenario& scenario);

struct Result {
  double mean_error_w = 0;       // mean |grid| where the device could have held it
  double mean_deviation_w = 0;   // mean grid, signed
  std::vector<double> settling_s;  // after each load step of >= 40 W: last time outside ±50 W
  double overshoot_w = 0;        // largest deviation to the other side after a step
  double import_wh = 0;
  double export_wh = 0;
  double writes_per_h = 0;
  double late_ripple_w = 0;      // largest |grid| later than 20 s after any step: a limit cycle shows here
};

double Median(std::vector<double> values);
double Maximum(const std::vector<double>& values);

Result Run(const Scenario& scenario, Law& law);

}  // namespace abcds::plant

#endif  // ABCDS_TESTS_PLANT_CLOSED_LOOP_H_
