#include "server/main/plant_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "hal/rt/clock.h"
#include "server/plant/fake_cycle.h"

namespace abcds {
namespace {

TEST(PlantSourceTest, ShowsThePlantOnceItRuns) {
  const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  {
    Log log(LogOptions{.fd = null});
    DetailsSources sources;
    sources.converters = {nullptr, [] {
                            DeviceDetails details;
                            details.counters["timeouts"] = 4;
                            details.trouble = "no answer";
                            return details;
                          }};
    FakeCycle cycle;
    Plant plant(FakeSite(), sources, cycle.border(), log);
    Progress thread;
    thread.GoOn(MonotonicNow());
    const PlantSource source(plant, [&thread] { return std::vector{thread.Now(), ThreadProgress{}}; });
    EXPECT_FALSE(source.Observe().started);

    plant.Start();
    cycle.Start();
    Plant::StatePtr state = plant.WaitNewer(0, std::chrono::seconds(20));
    while (state != nullptr && state->details->converters[1].counters.empty()) {
      state = plant.WaitNewer(state->number, std::chrono::seconds(20));
    }
    const Observation observation = source.Observe();
    EXPECT_TRUE(observation.started);
    EXPECT_EQ(observation.snapshot.meter.power.value, Watts(21));
    EXPECT_EQ(observation.meter.name, "grid");
    EXPECT_TRUE(observation.has_battery_monitor);
    EXPECT_EQ(observation.battery.name, "bms");
    ASSERT_EQ(observation.converters.size(), 2u);
    EXPECT_EQ(observation.converters[1].device_type, "lumentree");
    EXPECT_EQ(observation.converters[1].counters.at("timeouts"), 4u);
    EXPECT_TRUE(observation.converters[1].troubled);
    EXPECT_FALSE(observation.converters[0].troubled);
    ASSERT_TRUE(observation.converters[0].thread_age.has_value());
    EXPECT_GE(*observation.converters[0].thread_age, Nanoseconds(0));
    EXPECT_LE(*observation.converters[0].thread_age, MonotonicNow() - thread.Now().went_on_at);
    EXPECT_FALSE(observation.converters[1].thread_age.has_value());
  }
  close(null);
}

}  // namespace
}  // namespace abcds
