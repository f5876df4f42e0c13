#include "server/main/plant_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/plant/fake_cycle.h"

namespace abcds {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const WallTime kSince = WallTime(std::chrono::seconds(1'795'000'000));

TEST(PlantMemoryTest, ComesBackAsItWas) {
  const SiteFacts facts = FakeSite();
  PlantMemory memory;
  memory.discharging_disabled_since = kSince;
  memory.latches = {{FaultId::kMeterDisagrees, -1}, {FaultId::kConverterFaulty, 1}};
  KeptState kept;
  kept.devices["psu"].writes = 7;
  kept.latches = {{"circulation", ""}};
  kept.charging_disabled_since = kSince;
  Keep(memory, facts, kept);
  const TakenOver taken = MemoryOf(kept, facts);
  EXPECT_EQ(taken.memory, memory);
  EXPECT_THAT(taken.dropped, IsEmpty());
  EXPECT_EQ(kept.devices["psu"].writes, 7u) << "not the plant's";
}

TEST(PlantMemoryTest, DevicesAreKnownByNameNotByPlace) {
  SiteFacts facts = FakeSite();
  PlantMemory memory;
  memory.latches = {{FaultId::kConverterFaulty, 1}};
  KeptState kept;
  Keep(memory, facts, kept);
  std::swap(facts.converters[0], facts.converters[1]);
  EXPECT_THAT(MemoryOf(kept, facts).memory.latches, ElementsAre(Latch{FaultId::kConverterFaulty, 0}));
}

TEST(PlantMemoryTest, WhatWasLearnedAndSavedIsOnlyAddedTo) {
  const SiteFacts facts = FakeSite();
  PlantMemory memory;
  memory.learned_w = {{1, 430}};
  memory.savings = {{0, {.left = -4, .written = 1'234'567}}};
  KeptState kept;
  Keep(memory, facts, kept);
  Keep({}, facts, kept);
  EXPECT_EQ(MemoryOf(kept, facts).memory, memory);
}

TEST(PlantMemoryTest, WhatIsNotKnownAnyMoreIsForgottenAndNamed) {
  KeptState kept;
  kept.latches = {{"no_such_fault", ""}, {"converter_faulty", "sold"}, {"meter_disagrees", ""}};
  const TakenOver taken = MemoryOf(kept, FakeSite());
  EXPECT_THAT(taken.memory.latches, ElementsAre(Latch{FaultId::kMeterDisagrees, -1}));
  EXPECT_THAT(taken.dropped, ElementsAre("converter_faulty of sold", "no_such_fault"));
}

TEST(PlantMemoryTest, SaysWhatIsInForceAndWhoEndsIt) {
  const SiteFacts facts = FakeSite();
  EXPECT_EQ(TakenOverText({}, facts), "");
  PlantMemory memory;
  memory.discharging_disabled_since = kSince;
  EXPECT_THAT(TakenOverText(memory, facts),
              AllOf(HasSubstr("discharging is disabled by an operator since 2026-11-"),
                    HasSubstr("`abcdsctl enable discharger`"), Not(HasSubstr(" charging is")), Not(HasSubstr("latched"))));
  memory.latches = {{FaultId::kMeterDisagrees, -1}, {FaultId::kConverterFaulty, 1}};
  EXPECT_THAT(TakenOverText(memory, facts),
              AllOf(HasSubstr("; meter_disagrees, converter_faulty of " + facts.converters[1].name + " are latched"),
                    HasSubstr("`abcdsctl clear-fault`")));
}

}  // namespace
}  // namespace abcds
