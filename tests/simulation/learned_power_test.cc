// A charger behind a plug without a meter, of a power that nobody has written down: the whole control cycle, the driver's
// session and a house, for 80 minutes of clouds.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "control/runtime/cycle.h"
#include "hal/sim/house/house.h"
#include "tests/simulation/devices.h"
#include "tests/simulation/plug.h"

namespace abcds::simulation {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr MonotonicTime kStart{1000s};
constexpr Nanoseconds kStep = 20ms;

struct Case {
  std::string name;
  double configured_w;  // 0: nothing
  double real_w;
  double bms_interval_s;
  double bms_noise_a;
  bool second_charger;  // one that follows the surplus, before the plug
  double within;        // share of the real power
};

class LearnedPowerTest : public testing::TestWithParam<Case> {
 protected:
  static constexpr Watts kSecond{300};

  LearnedPowerTest()
      : row_(GetParam()),
        rating_(switched_charger::RatingOf(Watts(row_.configured_w), true)),
        house_(HouseFor(row_), sim::MakePoints({{0, 150}}), SunFor(row_)),
        random_(11),
        inverter_(house_.converter(0), Watts(600), random_),
        plug_(house_.converter(1), rating_),
        second_(house_.converter(2)),
        meter_(1s, random_),
        monitor_(house_.battery()) {
    monitor_.SetInterval(FromSeconds(row_.bms_interval_s));
    monitor_.SetNoise(Amperes(row_.bms_noise_a), random_);
    CycleDevices devices;
    devices.meter = &meter_;
    devices.battery = &monitor_;
    devices.converters = {&inverter_, &plug_};
    if (row_.second_charger) devices.converters = {&inverter_, &second_, &plug_};
    cycle_ = std::make_unique<Cycle>(SettingsFor(), devices, CycleStatistics{});
  }

  static sim::HouseOptions HouseFor(const Case& row) {
    sim::HouseOptions options;
    options.battery.soc = Ratio(0.4);
    options.battery.capacity_ah = 400;
    options.meter.noise = Watts(4);
    sim::ConverterOptions inverter;
    inverter.minimum = Watts(20);
    sim::ConverterOptions plug;
    plug.lowest = Watts(0);
    plug.highest = Watts(row.real_w);
    plug.gain = 1;
    plug.start_delay = 1500ms;
    plug.ramp_up = WattsPerSecond(900);
    plug.ramp_down = WattsPerSecond(1e6);
    plug.efficiency = 0.91;  // control believes 0.92
    sim::ConverterOptions second;
    second.lowest = Watts(0);
    second.highest = kSecond;
    options.converters = {inverter, plug, second};
    return options;
  }
  // Clouds: every few minutes enough sun for the charger, and not.
  static std::unique_ptr<sim::Profile> SunFor(const Case& row) {
    const double most = 150 + row.real_w * 1.2 + row.configured_w * 1.2 + 400;
    return sim::MakePoints({{0, 0}, {120, most}, {360, 0}, {480, most}, {720, 100}}, false, 800);
  }

  CoreSettings SettingsFor() const {
    CoreSettings settings;
    settings.battery.cells = 8;
    settings.battery.max_charge_current = settings.battery.max_discharge_current = Amperes(150);
    settings.battery.resistance = Ohms(0.012);
    settings.converter_count = row_.second_charger ? 3 : 2;
    ConverterSettings& inverter = settings.converters[0];
    inverter.discharges = true;
    inverter.max_discharge = Watts(600);
    inverter.min_discharge = Watts(28);
    inverter.response.ramp_up = WattsPerSecond(600);
    inverter.response.ramp_down = WattsPerSecond(1500);
    ConverterSettings plug;
    plug.charges = true;
    plug.max_charge = rating_.most;
    plug.minimum_on = plug.minimum_off = 60s;
    plug.response.start_delay = 1500ms;
    plug.response.ramp_up = WattsPerSecond(600);
    plug.response.ramp_down = WattsPerSecond(5000);
    plug.response.readback_latency = 2200ms;
    ConverterSettings second;
    second.charges = true;
    second.max_charge = kSecond;
    second.min_charge = Watts(40);
    settings.converters[1] = second;
    settings.converters[2] = plug;
    if (row_.second_charger) return settings;
    settings.converters[1] = plug;
    return settings;
  }

  void Run(double seconds) {
    for (int i = 0; i < seconds * 50; ++i) {
      now_ += kStep;
      const std::optional<Watts> measured = house_.Step(kStep);
      meter_.Step(now_, none_, measured);
      monitor_.Step(now_, none_);
      inverter_.Step(now_, none_, house_.battery().voltage());
      plug_.Step(now_);
      if (row_.second_charger) second_.Step(now_, none_);
      cycle_->RunOnce(now_, kStep, false);
    }
  }
  // Of the last step.
  const Outputs& out() const { return cycle_->last().outputs; }
  int PlugIndex() const { return row_.second_charger ? 2 : 1; }

  const Case row_;
  const switched_charger::ChargerRating rating_;
  sim::House house_;
  sim::Random random_;
  Faults none_;
  Inverter inverter_;
  PlugCharger plug_;
  Charger second_;
  Meter meter_;
  Monitor monitor_;
  std::unique_ptr<Cycle> cycle_;
  MonotonicTime now_ = kStart;
};

TEST_P(LearnedPowerTest, BecomesTheStep) {
  EXPECT_EQ(plug_.Latest().max_charge, rating_.power);
  Run(4800);
  const double learned = out().converters[static_cast<size_t>(PlugIndex())].learned.value();
  EXPECT_NEAR(learned, row_.real_w, row_.real_w * row_.within);
  const ConverterState state = plug_.Latest();
  EXPECT_EQ(state.max_charge.value(), learned);
  EXPECT_EQ(state.min_charge.value(), learned);
  EXPECT_TRUE(state.power_assumed);
  EXPECT_EQ(plug_.Details().identity.at("charger_power"), "learned from the battery's current");
  for (const FaultStatus& fault : out().faults) EXPECT_FALSE(fault.active || fault.latched) << static_cast<int>(fault.id);
  EXPECT_LE(plug_.clicks(), 2 * 4800 / 60) << "its relay";
}

INSTANTIATE_TEST_SUITE_P(Plants, LearnedPowerTest, testing::Values(
    //   name                             configured  real  bms s  noise A  second  within
    Case{"ByChanceRight",                        600,  600,     1,    0,    false,  0.05},
    Case{"HalfOfTheConfigured",                  600,  300,     1,    0,    false,  0.05},
    Case{"TwiceTheConfigured",                   600, 1200,     1,    0,    false,  0.05},
    Case{"NothingConfigured",                      0,  900,     1,    0,    false,  0.05},
    Case{"NothingConfiguredAndSmall",              0,  120,     1,    0,    false,  0.08},
    Case{"NoiseOfTheBms",                        600,  400,     1,  1.5,    false,  0.12},
    Case{"SlowBms",                              600, 1100,     5,    0,    false,  0.05},
    Case{"SlowNoisyBms",                         600,  350,     5,  0.8,    false,  0.12},
    Case{"AnotherChargerMoves",                  600,  900,     1,  0.5,    true,   0.10}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace abcds::simulation
