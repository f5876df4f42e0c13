// A meter that is wrong from some moment on: turned round, or in kilowatts. The plant must find out, stop, and run again
// once a person has put it right and cleared the fault.

#include <gtest/gtest.h>

#include "control/core/control_core.h"
#include "tests/plant/closed_loop.h"
#include "tests/plant/scenarios.h"

namespace abcds::plant {
namespace {

constexpr MonotonicTime kStart{std::chrono::seconds(1000)};  // of closed loops
constexpr Nanoseconds kWrongFrom = std::chrono::minutes(2);

class WrongMeter final : public Law {
 public:
  WrongMeter(const CoreSettings& settings, double factor, Nanoseconds repaired_after)
      : core_(settings), settings_(settings), factor_(factor), repaired_after_(repaired_after) {}

  Watts Step(const View& view) override {
    const Nanoseconds elapsed = view.now - kStart;
    const bool wrong = elapsed >= kWrongFrom && elapsed < repaired_after_;
    if (elapsed >= repaired_after_ && inputs_.intent.clear_generation == 0) {
      const FaultStatus& fault = outputs_.faults[static_cast<size_t>(FaultId::kMeterDisagrees)];
      latched_before_repair = fault.latched;
      clearable = !fault.active;
      inputs_.intent.clear_generation = 1;
    }
    inputs_.now = view.now;
    inputs_.dt = view.dt;
    if (view.meter) {
      const Watts value = wrong ? *view.meter * factor_ : *view.meter;
      inputs_.meter = {{value, view.now, true}, inputs_.meter.sequence + 1, true};
    }
    inputs_.converters[0] = {.power = view.readback,
                             .dc_voltage = {view.battery, view.now, true},
                             .acknowledged = {},
                             .max_charge = settings_.converters[0].max_charge,
                             .max_discharge = settings_.converters[0].max_discharge,
                             .ready = true,
                             .faulty = false};
    core_.Step(inputs_, outputs_);
    const FaultStatus& fault = outputs_.faults[static_cast<size_t>(FaultId::kMeterDisagrees)];
    if (fault.latched && found_after == Nanoseconds(0)) found_after = elapsed - kWrongFrom;
    if (fault.latched) power_in_spite |= outputs_.converters[0].power != Watts(0);
    works_at_the_end = outputs_.converters[0].power != Watts(0);
    return outputs_.converters[0].power;
  }

  Nanoseconds found_after{0};
  bool latched_before_repair = false;
  bool clearable = false;
  bool power_in_spite = false;
  bool works_at_the_end = false;

 private:
  ControlCore core_;
  CoreSettings settings_;
  double factor_;
  Nanoseconds repaired_after_;
  Inputs inputs_;
  Outputs outputs_;
};

MakeLoad HalfAHousehold(uint64_t seed) { return Household(seed, 0.5); }
MakeLoad MoreThanItCan(uint64_t) {
  return [] { return sim::MakePoints({{0, 2600}}); };
}

struct Case {
  const char* name;
  double factor;
  MakeLoad (*load)(uint64_t seed);
  double noise_w;
  Nanoseconds found_within;
};

class WrongMeterTest : public testing::TestWithParam<Case> {};

TEST_P(WrongMeterTest, IsFoundStopsThePlantAndCanBeCleared) {
  const Case& c = GetParam();
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(testing::Message() << "replay with seed " << seed);
    Scenario scenario = LargeConverter(0.17 * static_cast<double>(seed));
    scenario.meter.seed = seed;
    scenario.meter.noise = Watts(c.noise_w);
    scenario.load = c.load(seed);
    scenario.duration = std::chrono::minutes(50);
    WrongMeter law(SettingsFor(scenario), c.factor, std::chrono::minutes(40));
    static_cast<void>(plant::Run(scenario, law));
    EXPECT_GT(law.found_after, Nanoseconds(0)) << "never found";
    EXPECT_LE(law.found_after, c.found_within);
    EXPECT_TRUE(law.latched_before_repair) << "did not stay until somebody looked";
    EXPECT_TRUE(law.clearable) << "counts as a cause that is still there, and can then never be cleared";
    EXPECT_FALSE(law.power_in_spite);
    EXPECT_TRUE(law.works_at_the_end) << "did not come back";
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, WrongMeterTest, testing::Values(
    // A flip runs away at once and is found by steps and a probe. With kilowatts the plant stands still, and so do the
    // values: that is asked about. Where they stood still before, only the question of every twenty minutes is left.
    Case{"TurnedRound",              -1.0,  HalfAHousehold, 0, std::chrono::minutes(6)},
    Case{"TurnedRoundAtTheLimit",    -1.0,  MoreThanItCan,  3, std::chrono::minutes(1)},
    Case{"InKilowatts",              0.001, HalfAHousehold, 0, std::chrono::minutes(5)},
    Case{"InKilowattsWithNoise",     0.001, HalfAHousehold, 3, std::chrono::minutes(5)},
    Case{"InKilowattsAtTheLimit",    0.001, MoreThanItCan,  3, std::chrono::minutes(5)},
    Case{"InKilowattsInDeadSilence", 0.001, MoreThanItCan,  0, std::chrono::minutes(25)}),
    [](const auto& info) { return info.param.name; });

TEST(RightMeterTest, IsLeftAlone) {
  Scenario scenario = LargeConverter(0.3);
  scenario.load = Household(3, 0.5);
  scenario.duration = std::chrono::hours(4);
  WrongMeter law(SettingsFor(scenario), 1.0, std::chrono::hours(5));
  static_cast<void>(plant::Run(scenario, law));
  EXPECT_EQ(law.found_after, Nanoseconds(0));
}

}  // namespace
}  // namespace abcds::plant
