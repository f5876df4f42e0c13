#include "hal/drivers/house/embedded_house.h"

#include <functional>
#include <set>

#include "gtest/gtest.h"
#include "hal/rt/clock.h"

namespace abcds {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool Eventually(const std::function<bool()>& holds, Nanoseconds patience = seconds(15)) {
  const MonotonicTime deadline = MonotonicNow() + patience;
  while (!holds()) {
    if (MonotonicNow() >= deadline) return false;
    SleepUntil(MonotonicNow() + milliseconds(1));
  }
  return true;
}

void Hold(PowerConverter& converter, Watts power) {
  converter.Command({.power = power, .expires_at = MonotonicNow() + seconds(1)});
}

TEST(EmbeddedHouse, MeterShowsLoadPlusConverters) {
  EmbeddedHouseOptions options;
  options.steady_load = Watts(500);
  options.meter_interval = milliseconds(200);
  EmbeddedHouse house(options);
  house.discharger().Start();
  house.meter().Start();
  ASSERT_TRUE(Eventually([&] { return Magnitude(house.meter().Latest().power.value - Watts(500)) < Watts(2); }));
  ASSERT_TRUE(Eventually([&] {
    Hold(house.discharger(), Watts(-400));
    const MeterState meter = house.meter().Latest();
    const ConverterState inverter = house.discharger().Latest();
    return inverter.power.value < Watts(-380) &&
           Magnitude(meter.power.value - (Watts(500) + house.truth().discharger)) < Watts(3);
  }));
  EXPECT_LT(house.truth().grid, Watts(130));
}

TEST(EmbeddedHouse, ADeviceBehindACutWireGoesOnByItself) {
  EmbeddedHouseOptions options;
  options.steady_load = Watts(500);
  EmbeddedHouse house(options);
  house.discharger().Start();
  ASSERT_TRUE(Eventually([&] {
    Hold(house.discharger(), Watts(-300));
    return house.truth().discharger < Watts(-280);
  }));
  house.Cut(HouseWire::kDischarger, true);
  ASSERT_TRUE(Eventually([&] { return house.discharger().Latest().lifecycle == Lifecycle::kConnecting; }));
  EXPECT_NE(house.discharger().Details().trouble, "");
  // The command runs out, and the device cannot hear of it.
  const MonotonicTime until = MonotonicNow() + milliseconds(1500);
  EXPECT_FALSE(Eventually([&] { return house.truth().discharger > Watts(-250); }, until - MonotonicNow()));
  house.Cut(HouseWire::kDischarger, false);
  EXPECT_TRUE(Eventually([&] { return house.truth().discharger > Watts(-1); }));
}

TEST(EmbeddedHouse, AHouseholdMovesAndSeedsDiffer) {
  std::set<double> loads;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    EmbeddedHouseOptions options;
    options.seed = seed;
    EmbeddedHouse house(options);
    house.meter().Start();
    ASSERT_TRUE(Eventually([&] { return house.meter().Latest().sequence > 0; }));
    EXPECT_GT(house.truth().load, Watts(0));
    loads.insert(house.truth().load.value());
    house.meter().Stop();
  }
  EXPECT_EQ(loads.size(), 3u);
}

TEST(EmbeddedHouse, ItsDevicesMayBeStartedAndStoppedInAnyOrder) {
  EmbeddedHouse house(EmbeddedHouseOptions{});
  house.battery().Start();
  house.charger().Start();
  house.battery().Stop();
  ASSERT_TRUE(Eventually([&] { return house.charger().Latest().lifecycle == Lifecycle::kActive; }));
  house.meter().Start();
  house.charger().Stop();
  ASSERT_TRUE(Eventually([&] { return house.meter().Latest().sequence > 0; }));
}  // the meter still runs

}  // namespace
}  // namespace abcds
