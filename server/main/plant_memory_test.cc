#include "server/main/plant_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/plant/fake_cycle.h"

namespace abcds {
namespace {

TEST(PlantMemoryTest, ComesBackAsItWas) {
  const SiteFacts facts = FakeSite();
  PlantMemory memory;
  memory.discharging_disabled = true;
  memory.latches = {{FaultId::kMeterDisagrees, -1}, {FaultId::kConverterFaulty, 1}};
  KeptState kept;
  kept.devices["psu"].writes = 7;
  kept.latches = {{"circulation", ""}};
  kept.charging_disabled = true;
  Keep(memory, facts, "c", kept);
  EXPECT_EQ(MemoryOf(kept, facts, "c"), memory);
  EXPECT_EQ(kept.devices["psu"].writes, 7u) << "not the plant's";
}

TEST(PlantMemoryTest, DevicesAreKnownByNameNotByPlace) {
  SiteFacts facts = FakeSite();
  PlantMemory memory;
  memory.latches = {{FaultId::kConverterFaulty, 1}};
  KeptState kept;
  Keep(memory, facts, "c", kept);
  std::swap(facts.converters[0], facts.converters[1]);
  EXPECT_THAT(MemoryOf(kept, facts, "c").latches, testing::ElementsAre(Latch{FaultId::kConverterFaulty, 0}));
}

TEST(PlantMemoryTest, WhatWasLearnedOutlivesAnOrderlyStopAndAChangedConfiguration) {
  const SiteFacts facts = FakeSite();
  PlantMemory memory;
  memory.learned_w = {{1, 430}};
  KeptState kept;
  Keep(memory, facts, "c", kept);
  Keep({}, facts, "c", kept);
  EXPECT_EQ(MemoryOf(kept, facts, "c"), memory);
  EXPECT_EQ(MemoryOf(kept, facts, "d"), memory);
}

TEST(PlantMemoryTest, WhatIsNotKnownAnyMoreIsForgotten) {
  const SiteFacts facts = FakeSite();
  KeptState kept;
  kept.configuration = "c";
  kept.latches = {{"no_such_fault", ""}, {"converter_faulty", "sold"}, {"meter_disagrees", ""}};
  EXPECT_THAT(MemoryOf(kept, facts, "c").latches, testing::ElementsAre(Latch{FaultId::kMeterDisagrees, -1}));
}

TEST(PlantMemoryTest, AnotherConfigurationStartsAnew) {
  const SiteFacts facts = FakeSite();
  PlantMemory memory;
  memory.charging_disabled = true;
  memory.latches = {{FaultId::kMeterDisagrees, -1}};
  KeptState kept;
  Keep(memory, facts, "c", kept);
  EXPECT_EQ(MemoryOf(kept, facts, "d"), PlantMemory());
}

}  // namespace
}  // namespace abcds
