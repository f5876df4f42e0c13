// Which of all causes is told.
#include "control/core/explanation.h"

#include <gtest/gtest.h>

namespace abcds {
namespace {

using enum Reason;

struct Causes {
  const char* name;
  Reason assigned;
  Reason written;
  Reason wished;
  Reason told;
};

class ExplainConverterTest : public testing::TestWithParam<Causes> {};

TEST_P(ExplainConverterTest, NamesTheBindingCause) {
  const Causes& c = GetParam();
  const Assignment assignment{.power = Watts(200), .reason = c.assigned, .limit = Watts(300)};
  Wish wish;
  wish.reason = c.wished;
  wish.limit = Watts(700);
  wish.limited = c.wished != Reason::kRegulating;
  const Decision decision = ExplainConverter(assignment, c.written, wish);
  EXPECT_EQ(decision.reason, c.told);
  EXPECT_EQ(decision.wanted, Watts(200));
  const bool plants = c.told == c.wished && wish.limited;
  EXPECT_EQ(decision.limit, Watts(plants ? 700 : 300)) << "the limit belongs to the reason";
}

INSTANTIATE_TEST_SUITE_P(Causes, ExplainConverterTest, testing::Values(
    // name, assigned, written, wished, told
    Causes{"NothingBinds",                      kRegulating,        kRegulating, kRegulating,     kRegulating},
    Causes{"TheWriterHoldsItBack",              kRegulating,        kDeadband,   kRegulating,     kDeadband},
    Causes{"ItsOwnLimitBeforeTheWriter",        kConverterLimit,    kDeadband,   kRegulating,     kConverterLimit},
    Causes{"ThePlantsLimitWhereItCarriesItOut", kRegulating,        kRegulating, kBatteryForbids, kBatteryForbids},
    Causes{"ThePlantsStopWhereItHasNoPart",     kNothingToDo,       kRegulating, kMeterSilent,    kMeterSilent},
    Causes{"ItsOwnSilenceBeforeThePlants",      kConverterNotReady, kRegulating, kMeterSilent,    kConverterNotReady},
    Causes{"ObservingBeforeAll",                kConverterNotReady, kObserving,  kMeterSilent,    kObserving}),
    [](const auto& info) { return info.param.name; });

struct PlantCase {
  const char* name;
  Reason wished;
  Watts setpoint;      // of the second converter; the first one has nothing to do
  Reason converter;    // why
  Mode mode;
  Reason told;
};

class ExplainPlantTest : public testing::TestWithParam<PlantCase> {};

TEST_P(ExplainPlantTest, NamesTheBindingCause) {
  const PlantCase& c = GetParam();
  Wish wish;
  wish.unlimited = Watts(900);
  wish.reason = c.wished;
  Outputs outputs;
  outputs.mode = c.mode;
  outputs.converters[0].decision.reason = kNothingToDo;
  outputs.converters[1].power = outputs.converters[1].decision.setpoint = c.setpoint;
  outputs.converters[1].decision.reason = c.converter;
  const Decision plant = ExplainPlant(wish, outputs, 2);
  EXPECT_EQ(plant.reason, c.told);
  EXPECT_EQ(plant.setpoint, c.setpoint);
  EXPECT_EQ(plant.wanted, Watts(900));
}

INSTANTIATE_TEST_SUITE_P(Causes, ExplainPlantTest, testing::Values(
    // name, wished, setpoint, converter, mode, told
    PlantCase{"NothingBinds",                     kRegulating,     Watts(300), kRegulating,     Mode::kAutomatic, kRegulating},
    PlantCase{"WhatHoldsItsOnlyActingDeviceBack", kRegulating,     Watts(300), kConverterLimit, Mode::kAutomatic, kConverterLimit},
    PlantCase{"WhatKeepsItFromStarting",          kRegulating,     Watts(0),   kReversalHold,   Mode::kAutomatic, kReversalHold},
    PlantCase{"NotOneThatRests",                  kRegulating,     Watts(0),   kDeadband,       Mode::kAutomatic, kRegulating},
    PlantCase{"ItsOwnLimitBeforeADevices",        kBatteryForbids, Watts(0),   kReversalHold,   Mode::kAutomatic, kBatteryForbids},
    PlantCase{"ObservingBeforeAll",               kBatteryForbids, Watts(0),   kObserving,      Mode::kObserve,   kObserving}),
    [](const auto& info) { return info.param.name; });

TEST(SinceTest, TheSameReasonGoesOn) {
  const MonotonicTime start(std::chrono::hours(1));
  Decision decision = Since({}, Decision{}, start);
  EXPECT_EQ(decision.since, start) << "the first one has begun now";
  decision = Since(decision, Decision{}, start + std::chrono::seconds(1));
  EXPECT_EQ(decision.since, start);
  Decision other;
  other.reason = Reason::kDeadband;
  decision = Since(decision, other, start + std::chrono::seconds(2));
  EXPECT_EQ(decision.since, start + std::chrono::seconds(2));
}

}  // namespace
}  // namespace abcds
