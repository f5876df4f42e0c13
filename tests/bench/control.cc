// How well the control law holds the grid, beside the laws it competes with. Prints tables; passes no judgement.
//
//   control [--trace FILE.csv] [--column load_w] [--seeds N]

#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>

#include "tests/plant/closed_loop.h"
#include "tests/plant/law.h"
#include "tests/plant/scenarios.h"
#include "tests/plant/two_way.h"

namespace abcds::plant {
namespace {

struct LawEntry {
  const char* name;
  std::function<std::unique_ptr<Law>(const Scenario&)> make;
};

const LawEntry kLaws[] = {
    {"oracle", [](const Scenario& s) { return MakeOracle(SettingsFor(s).converters[0], s.device.gain); }},
    {"ours", [](const Scenario& s) { return MakeOurs(SettingsFor(s)); }},
    {"dead-beat", [](const Scenario& s) { return MakeDeadBeat(SettingsFor(s).converters[0]); }},
    {"original", [](const Scenario& s) { return MakeOriginal(SettingsFor(s).converters[0]); }},
};

// One row per law: means over the scenarios of a case, medians and maxima over all their steps.
void PrintCase(const char* title, const std::vector<Scenario>& scenarios) {
  std::printf("\n%s\n  %-10s %8s %9s %9s %9s %9s %9s %9s %9s\n", title, "law", "error", "settle", "settle", "overshoot",
              "import", "export", "late", "writes");
  std::printf("  %-10s %8s %9s %9s %9s %9s %9s %9s %9s\n", "", "W mean", "s median", "s max", "W max", "Wh/h", "Wh/h",
              "W max", "per h");
  for (const LawEntry& entry : kLaws) {
    Result sum;
    double hours = 0;
    for (const Scenario& scenario : scenarios) {
      const std::unique_ptr<Law> law = entry.make(scenario);
      const Result one = Run(scenario, *law);
      const auto share = 1.0 / static_cast<double>(scenarios.size());
      sum.mean_error_w += one.mean_error_w * share;
      sum.writes_per_h += one.writes_per_h * share;
      sum.import_wh += one.import_wh;
      sum.export_wh += one.export_wh;
      hours += ToSeconds(scenario.duration) / 3600.0;
      sum.overshoot_w = std::max(sum.overshoot_w, one.overshoot_w);
      sum.late_ripple_w = std::max(sum.late_ripple_w, one.late_ripple_w);
      sum.settling_s.insert(sum.settling_s.end(), one.settling_s.begin(), one.settling_s.end());
    }
    std::printf("  %-10s %8.1f %9.2f %9.2f %9.0f %9.1f %9.1f %9.0f %9.0f\n", entry.name, sum.mean_error_w,
                Median(sum.settling_s), Maximum(sum.settling_s), sum.overshoot_w, sum.import_wh / hours,
                sum.export_wh / hours, sum.late_ripple_w, sum.writes_per_h);
  }
}

template <class Make>
std::vector<Scenario> Each(int count, Make make) {
  std::vector<Scenario> scenarios;
  for (int i = 0; i < count; ++i) scenarios.push_back(make(i));
  return scenarios;
}

void StepsAtTenPhases() {
  auto steps = [](const std::function<Scenario(double)>& plant) {
    return Each(10, [&](int i) {
      Scenario scenario = plant(0.1 * i);
      scenario.load = UpAndDown(300, 1200, 120);
      scenario.duration = std::chrono::seconds(120);
      return scenario;
    });
  };
  PrintCase("Load steps of ±1.2 kW at ten phases; 2 kW, 0.3 s dead time + 0.4 s lag; momentary 1 Hz meter, 0.5 s late",
            steps(LargeConverter));
  for (const int error_ms : {-500, 500}) {
    std::vector<Scenario> scenarios = steps(LargeConverter);
    for (Scenario& scenario : scenarios) scenario.latency_error = std::chrono::milliseconds(error_ms);
    PrintCase(error_ms < 0 ? "  the same, latency told 0.5 s too short" : "  the same, latency told 0.5 s too long",
              scenarios);
  }
  std::vector<Scenario> slow_meter = steps(LargeConverter);
  for (Scenario& scenario : slow_meter) {
    scenario.meter.interval = std::chrono::seconds(10);
    scenario.load = UpAndDown(300, 1200, 300);
    scenario.duration = std::chrono::seconds(300);
  }
  PrintCase("  the same, a value every 10 s", slow_meter);
  PrintCase("  the same, slow device (2 s dead time, 300 W/s)", steps(SlowConverter));
}

void SmallInverterCases(int seeds) {
  struct Row {
    const char* title;
    double speed;
    double watts;
    double interval;
    std::function<MakeLoad(uint64_t)> load;
  };
  const Row rows[] = {
      {"Small inverter, 14 load steps of 130 to 450 W in 10 min", 1, 600, 1, LoadSteps},
      {"  the same, meter every 2 s", 1, 600, 2, LoadSteps},
      {"  the same, a device twice as fast", 2, 600, 1, LoadSteps},
      {"  the same, a device half as fast", 0.5, 600, 1, LoadSteps},
      {"  household with kettle, microwave, washing machine and noise", 1, 600, 1,
       [](uint64_t seed) { return Household(seed, 0.16); }},
      {"  kettle, 2 kW inverter", 1, 2000, 1, [](uint64_t) { return Kettle(); }},
      {"  ramps of ±10 W/s", 1, 600, 1, [](uint64_t) { return Ramps(10); }},
      {"  ramps of ±35 W/s", 1, 600, 1, [](uint64_t) { return Ramps(35); }},
      {"  ramps of ±50 W/s", 1, 600, 1, [](uint64_t) { return Ramps(50); }},
  };
  for (const double told : {1.0, 0.7, 1.3}) {
    std::printf("\n==== every delay told %.1f times the truth ====\n", told);
    for (const Row& row : rows) {
      PrintCase(row.title, Each(seeds, [&](int i) {
                  const auto seed = static_cast<uint64_t>(i + 1);
                  Scenario scenario = SmallInverter(seed, row.speed, row.watts);
                  scenario.meter.interval = FromSeconds(row.interval);
                  scenario.meter.phase = FromSeconds(ToSeconds(scenario.meter.phase) * row.interval);
                  scenario.load = row.load(seed);
                  // Told for the device that one believes to have, whatever its real speed.
                  scenario.told = told;
                  return scenario;
                }));
    }
  }
}

void SixHours(const std::string& trace, const std::string& column) {
  auto plant = [&] {
    Scenario scenario = LargeConverter(0.37);
    scenario.duration = std::chrono::hours(6);
    scenario.load = [&]() -> std::unique_ptr<sim::Profile> {
      if (trace.empty()) return sim::MakeHousehold(1, 1.0, 0.0);
      auto loaded = sim::LoadTrace(trace, column);
      if (loaded.ok()) return std::move(*loaded);
      std::fprintf(stderr, "%s\n", std::string(loaded.status().message()).c_str());
      std::exit(1);
    };
    return scenario;
  };
  PrintCase("Six hours of a household, noise-free, 2 kW", {plant()});
  Scenario rough = plant();
  rough.meter.noise = Watts(8);
  rough.meter.jitter = std::chrono::milliseconds(500);
  rough.meter.loss = 0.05;
  rough.device.readback_gain = 1.04;
  PrintCase("  the same with 8 W noise, ±0.5 s jitter, 5 % lost values, 4 % read-back error", {rough});
  // Only ours knows of a budget.
  const Scenario frugal = plant();
  CoreSettings settings = SettingsFor(frugal);
  settings.converters[0].writes_per_hour = 100;
  const Result result = Run(frugal, *MakeOurs(settings));
  std::printf("\n  noise-free, 100 writes an hour: error %.1f W, import %.1f Wh/h, export %.1f Wh/h, %.0f writes/h\n",
              result.mean_error_w, result.import_wh / 6.0, result.export_wh / 6.0, result.writes_per_h);
}

// One row per law: means over the seeds.
void PrintTwoWay(const char* title, const std::function<TwoWaySite(uint64_t)>& make, int seeds) {
  std::printf("\n%s\n  %-10s %8s %9s %9s %9s %9s %9s\n", title, "law", "error", "import", "export", "charger",
              "inverter", "both run");
  std::printf("  %-10s %8s %9s %9s %9s %9s %9s\n", "", "W mean", "Wh/h", "Wh/h", "writes/h", "writes/h", "s");
  for (const Who who : {Who::kOracle, Who::kOurs}) {
    TwoWayResult sum;
    double charger_writes = 0;
    double inverter_writes = 0;
    double hours = 0;
    for (int seed = 1; seed <= seeds; ++seed) {
      const TwoWaySite site = make(static_cast<uint64_t>(seed));
      const TwoWayResult one = Run(site, who);
      hours += ToSeconds(site.duration) / 3600.0;
      sum.mean_error_w += one.mean_error_w / seeds;
      sum.import_wh += one.import_wh;
      sum.export_wh += one.export_wh;
      sum.circulation_s += one.circulation_s;
      charger_writes += one.memory_writes_per_h.front() / seeds;
      inverter_writes += one.memory_writes_per_h.back() / seeds;
    }
    std::printf("  %-10s %8.1f %9.1f %9.1f %9.0f %9.0f %9.1f\n", who == Who::kOurs ? "ours" : "oracle",
                sum.mean_error_w, sum.import_wh / hours, sum.export_wh / hours, charger_writes, inverter_writes,
                sum.circulation_s);
  }
}

void ChargeAndDischarge(int seeds) {
  std::printf("\n==== charging and discharging; the oracle turns around without looking ====\n");
  PrintTwoWay("Cloud edges, NPB-1200-24 + Lumentree 600, every delay told 1.2 times the truth",
              [](uint64_t seed) { return CloudEdges(seed, false); }, seeds);
  PrintTwoWay("  the same, the charger counts its memory's writes (the default budget)",
              [](uint64_t seed) { return CloudEdges(seed, true); }, seeds);
  // The hours with a full or empty battery are in our error; the oracle knows neither.
  PrintTwoWay("A day, full and empty, NPB-1200-24 + Lumentree 600, 100 writes an hour for the charger",
              [](uint64_t seed) { return SunnyDay(seed, false); }, 1);
  PrintTwoWay("  the same, one BIC-2200-48 both ways, 100 writes an hour",
              [](uint64_t seed) { return SunnyDay(seed, true); }, 1);
}

// Simulation is only worth as much as it is fast: a day of plant time in seconds of ours.
void OneDay() {
  Scenario scenario = LargeConverter(0.3);
  scenario.load = Household(1, 0.5);
  scenario.duration = std::chrono::hours(24);
  auto seconds_for = [&](Law& law) {
    const std::clock_t begun = std::clock();
    static_cast<void>(Run(scenario, law));
    return static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
  };
  const double ours = seconds_for(*MakeOurs(SettingsFor(scenario)));
  const double house = seconds_for(*MakeOracle(SettingsFor(scenario).converters[0], scenario.device.gain));
  std::printf("\nOne simulated day at a 20 ms cycle: %.1f s of CPU for the control core, %.1f s for the house\n",
              ours - house, house);
}

}  // namespace
}  // namespace abcds::plant

int main(int argc, char** argv) {
  std::string trace;
  std::string column = "load_w";
  int seeds = 8;
  for (int i = 1; i < argc; ++i) {
    const bool value = i + 1 < argc;
    if (std::strcmp(argv[i], "--trace") == 0 && value) {
      trace = argv[++i];
    } else if (std::strcmp(argv[i], "--column") == 0 && value) {
      column = argv[++i];
    } else if (std::strcmp(argv[i], "--seeds") == 0 && value) {
      seeds = std::max(1, std::atoi(argv[++i]));
    } else {
      std::fprintf(stderr, "usage: %s [--trace FILE.csv] [--column load_w] [--seeds N]\n", argv[0]);
      return 2;
    }
  }
  abcds::plant::StepsAtTenPhases();
  abcds::plant::SmallInverterCases(seeds);
  abcds::plant::SixHours(trace, column);
  abcds::plant::ChargeAndDischarge(seeds);
  abcds::plant::OneDay();
  return 0;
}
