// A site that charges and discharges, with separate devices or one for both: what a law makes of it.
#ifndef ABCDS_TESTS_PLANT_TWO_WAY_H_
#define ABCDS_TESTS_PLANT_TWO_WAY_H_

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "control/core/settings.h"
#include "control/core/types.h"
#include "hal/sim/house/house.h"
#include "hal/sim/house/random.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::plant {

struct TwoWaySite {
  std::vector<sim::ConverterOptions> devices;
  std::vector<bool> write_limited;     // as the device says; missing: no
  sim::BatteryOptions battery;
  sim::MeterOptions meter;
  std::function<std::unique_ptr<sim::Profile>()> load;
  std::function<std::unique_ptr<sim::Profile>()> sun;
  Nanoseconds duration = std::chrono::minutes(10);
  Nanoseconds meter_silent_from = Nanoseconds::max();  // for ever
  CoreSettings settings;               // what the law believes
};

// Settings that describe the site, with its delays told as this multiple of the truth.
CoreSettings TwoWaySettings(const TwoWaySite& site, double told);

struct TwoWayResult {
  double mean_error_w = 0;          // mean |grid| while a device could have held it
  double controllable_share = 0;    // of the time
  double import_wh = 0;             // beyond what no device could have prevented
  double export_wh = 0;
  std::vector<double> writes_per_h;        // setpoints
  std::vector<double> memory_writes_per_h; // what they store in a device whose memory is limited; others: setpoints
  double circulation_s = 0;         // a charger and a discharger really ran, 20 W or more each
  double charged_wh = 0;            // AC
  double discharged_wh = 0;
  double cell_highest_v = 0;
  double cell_lowest_v = 10;
  bool was_full = false;
  bool was_empty = false;
  double zero_after_silence_s = -1; // all converters under 20 W, after the meter fell silent; -1: never
};

// The oracle knows each message's exact mean net load, and commands charger and discharger without a hold.
enum class Who : uint8_t { kOurs, kOracle };
TwoWayResult Run(const TwoWaySite& site, Who who);

// ---- Sites ----

// NPB-1200-24: 7.2 to 36 A at 26.4 V, 1 s to start, 15 A/s, efficiency 0.92.
sim::ConverterOptions Npb1200();
// Lumentree 600: 27 to 600 W in steps of 2 W.
sim::ConverterOptions Lumentree600();
// BIC-2200-48 both ways: 20 A or 1.1 kW and 1.8 A at least.
sim::ConverterOptions Bic2200();

// An hour, on average: what a Mean Well is given where nobody says otherwise (4,000,000 in ten years of ten hours a day).
inline constexpr double kDefaultMemoryWrites = 109.5;

// A roof under broken cloud and a house whose load steps: ten minutes of crossing between surplus and need.
TwoWaySite CloudEdges(uint64_t seed, bool write_limited);
// A bright day and an evening, with a battery that gets full and empty; `bidirectional`: one BIC, else NPB and Lumentree.
TwoWaySite SunnyDay(uint64_t seed, bool bidirectional);

}  // namespace abcds::plant

#endif  // ABCDS_TESTS_PLANT_TWO_WAY_H_
