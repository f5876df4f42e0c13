// What the control thread costs and how late it wakes, beside cyclictest at the same priority and period on the other
// processor; the two swap processors from round to round, so that a noisy one is fair to both. Prints tables; passes no
// judgement. The heap is trapped: an allocation inside a cycle ends the program.
//
//   realtime [--rounds N] [--seconds N] [--period_us N] [--priority N]

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control/runtime/control_loop.h"
#include "hal/drivers/house/embedded_house.h"
#include "hal/rt/clock.h"

namespace abcds {
namespace {

struct Options {
  int rounds = 8;
  int seconds = 30;
  int period_us = 2000;
  int priority = 40;
};

struct Tail {
  double p50 = 0, p99 = 0, p999 = 0, max = 0;  // microseconds
};

Tail TailOf(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  auto at = [&](double share) {
    return values[std::min(values.size() - 1, static_cast<size_t>(share * static_cast<double>(values.size())))];
  };
  return {at(0.5), at(0.99), at(0.999), values.back()};
}

CoreSettings HouseSettings() {
  CoreSettings settings;
  settings.battery.cells = 8;
  settings.converter_count = 2;
  settings.converters[0].charges = true;
  settings.converters[0].min_charge = Watts(100);
  settings.converters[0].max_charge = Watts(1200);
  settings.converters[1].discharges = true;
  settings.converters[1].min_discharge = Watts(25);
  settings.converters[1].max_discharge = Watts(1000);
  return settings;
}

struct OurRound {
  Tail lateness;
  Tail compute;
  CycleStatistics statistics;
};

OurRound RunOurs(const Options& options, int cpu) {
  EmbeddedHouse house(EmbeddedHouseOptions{});
  CycleDevices devices;
  devices.meter = &house.meter();
  devices.battery = &house.battery();
  devices.converters = {&house.charger(), &house.discharger()};
  for (PowerConverter* converter : {&house.charger(), &house.discharger()}) converter->Start();
  house.battery().Start();
  house.meter().Start();

  const auto cycles = static_cast<size_t>(int64_t{options.seconds} * 1'000'000 / options.period_us);
  std::vector<CycleTiming> timings(cycles);
  LoopOptions loop_options;
  loop_options.period = std::chrono::microseconds(options.period_us);
  loop_options.priority = options.priority;
  loop_options.cpu = cpu;
  loop_options.timings = timings;
  OurRound round;
  {
    ControlLoop loop(HouseSettings(), loop_options, devices);
    if (const absl::Status status = loop.Start(); !status.ok()) {
      std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
      std::exit(1);
    }
    SleepUntil(MonotonicNow() + std::chrono::seconds(options.seconds) + std::chrono::milliseconds(100));
    loop.Stop();
    round.statistics = loop.snapshots().Latest().cycle;
  }
  std::vector<double> lateness;
  std::vector<double> compute;
  for (const CycleTiming& one : timings) {
    lateness.push_back(ToSeconds(one.lateness) * 1e6);
    compute.push_back(ToSeconds(one.compute) * 1e6);
  }
  round.lateness = TailOf(std::move(lateness));
  round.compute = TailOf(std::move(compute));
  return round;
}

// cyclictest, started before and read after our round. Its histogram has one line a microsecond.
class CyclicTest {
 public:
  CyclicTest(const Options& options, int cpu) {
    const int64_t loops = int64_t{options.seconds} * 1'000'000 / options.period_us;
    const std::string command = "cyclictest -q -m -t1 -a" + std::to_string(cpu) + " -p" +
                                std::to_string(options.priority) + " -i" + std::to_string(options.period_us) + " -l" +
                                std::to_string(loops) + " -h20000 2>/dev/null";
    pipe_ = popen(command.c_str(), "re");
  }

  // Empty when cyclictest is not installed or not allowed.
  Tail Result() {
    std::vector<double> values;
    char line[256];
    while (pipe_ != nullptr && std::fgets(line, sizeof(line), pipe_) != nullptr) {
      int microseconds = 0;
      int count = 0;
      if (line[0] != '#' && std::sscanf(line, "%d %d", &microseconds, &count) == 2) {
        values.insert(values.end(), static_cast<size_t>(count), microseconds);
      }
    }
    if (pipe_ != nullptr) pclose(pipe_);
    pipe_ = nullptr;
    return TailOf(std::move(values));
  }

 private:
  FILE* pipe_;
};

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void PrintTail(const char* name, const Tail& tail) {
  std::printf("    %-22s p50 %7.1f   p99 %7.1f   p99.9 %7.1f   max %8.1f us\n", name, tail.p50, tail.p99, tail.p999,
              tail.max);
}

int Main(const Options& options) {
  const auto cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  std::vector<double> p99_ratios;
  std::vector<double> p999_ratios;
  std::vector<double> compute_p999;
  uint64_t faults = 0;
  uint64_t missed = 0;
  std::printf("%d rounds of %d s, period %d us, SCHED_FIFO %d, %d processors\n", options.rounds, options.seconds,
              options.period_us, options.priority, cpus);
  for (int i = 0; i < options.rounds; ++i) {
    const int ours_cpu = i % cpus;
    const int theirs_cpu = (i + 1) % cpus;
    CyclicTest cyclic(options, theirs_cpu);
    const OurRound ours = RunOurs(options, ours_cpu);
    const Tail theirs = cyclic.Result();
    std::printf("  round %d: we on processor %d, cyclictest on %d\n", i + 1, ours_cpu, theirs_cpu);
    PrintTail("lateness", ours.lateness);
    PrintTail("lateness of cyclictest", theirs);
    PrintTail("compute (thread CPU)", ours.compute);
    compute_p999.push_back(ours.compute.p999);
    faults += ours.statistics.minor_faults + ours.statistics.major_faults;
    missed += ours.statistics.missed;
    if (theirs.p99 > 0) {
      p99_ratios.push_back(ours.lateness.p99 / theirs.p99);
      p999_ratios.push_back(ours.lateness.p999 / theirs.p999);
    }
  }
  std::printf("\nmedian over the rounds\n");
  std::printf("  compute p99.9                 %8.1f us\n", Median(compute_p999));
  if (p99_ratios.empty()) {
    std::printf("  lateness / cyclictest         not measured: cyclictest (package rt-tests) is missing or refused\n");
  } else {
    std::printf("  lateness / cyclictest, p99    %8.2f\n", Median(p99_ratios));
    std::printf("  lateness / cyclictest, p99.9  %8.2f\n", Median(p999_ratios));
  }
  std::printf("all rounds: %llu page faults, %llu missed cycles, 0 allocations (each would have ended the program)\n",
              static_cast<unsigned long long>(faults), static_cast<unsigned long long>(missed));
  return 0;
}

}  // namespace
}  // namespace abcds

int main(int argc, char** argv) {
  abcds::Options options;
  const std::map<std::string, int*> flags = {{"--rounds", &options.rounds},
                                             {"--seconds", &options.seconds},
                                             {"--period_us", &options.period_us},
                                             {"--priority", &options.priority}};
  for (int i = 1; i < argc; ++i) {
    const auto flag = flags.find(argv[i]);
    if (flag == flags.end() || i + 1 == argc || std::atoi(argv[i + 1]) <= 0) {
      std::fprintf(stderr, "usage: %s [--rounds N] [--seconds N] [--period_us N] [--priority N]\n", argv[0]);
      return 2;
    }
    *flag->second = std::atoi(argv[++i]);
  }
  return abcds::Main(options);
}
