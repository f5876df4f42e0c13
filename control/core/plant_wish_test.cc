#include "control/core/plant_wish.h"

#include <gtest/gtest.h>

#include <functional>

namespace abcds {
namespace {

struct Case {
  const char* name;
  double wanted_w;
  std::function<void(PlantLimits&)> limit;
  double want_w;
  double charge_ceiling_w;
  double discharge_ceiling_w;
  Reason want;
};

class PlantWishTest : public testing::TestWithParam<Case> {};

// A battery that takes 500 W and gives 400 W, a fresh meter, nothing forbidden.
TEST_P(PlantWishTest, IsHeldBackByTheStrongestCause) {
  const Case& c = GetParam();
  PlantLimits limits;
  limits.battery.charge = Watts(500);
  limits.battery.discharge = Watts(400);
  limits.battery.charge_reason = limits.battery.discharge_reason = Reason::kBatteryCurrentLimit;
  limits.meter_authority = 1.0;
  c.limit(limits);
  Wish wish;
  wish.power = Watts(c.wanted_w);
  LimitWish(limits, wish);
  EXPECT_EQ(wish.power.value(), c.want_w);
  EXPECT_EQ(wish.charge_ceiling.value(), c.charge_ceiling_w);
  EXPECT_EQ(wish.discharge_ceiling.value(), c.discharge_ceiling_w);
  EXPECT_EQ(wish.reason, c.want);
}

void Nothing(PlantLimits&) {}

// The ceilings bind what stays on by itself: a minimum that is held, a charger within its minimum time.
INSTANTIATE_TEST_SUITE_P(Causes, PlantWishTest, testing::Values(
    //   name                            wanted  limit                                               want  ceilings    reason
    Case{"NothingInTheWay",                300, Nothing,                                              300, 500, 400, Reason::kRegulating},
    Case{"TheBattery",                     600, Nothing,                                              500, 500, 400, Reason::kBatteryCurrentLimit},
    Case{"TheBatteryTheOtherWay",         -600, Nothing,                                             -400, 500, 400, Reason::kBatteryCurrentLimit},
    Case{"ADisabledCharger",               300, [](PlantLimits& l) { l.intent.charger_enabled = false; },  0, 0, 400, Reason::kDisabled},
    Case{"AlsoWhileSomethingElseIsWanted", -300, [](PlantLimits& l) { l.intent.charger_enabled = false; }, -300, 0, 400, Reason::kRegulating},
    Case{"ADisabledDischarger",           -300, [](PlantLimits& l) { l.intent.discharger_enabled = false; }, 0, 500, 0, Reason::kDisabled},
    Case{"AMode",                          300, [](PlantLimits& l) { l.mode = Mode::kDischargeOnly; },     0, 0, 400, Reason::kModeForbids},
    Case{"AFadingMeter",                   300, [](PlantLimits& l) { l.meter_authority = 0.5; },         150, 150, 0, Reason::kMeterFading},
    Case{"AFadingMeterTheOtherWay",       -300, [](PlantLimits& l) { l.meter_authority = 0.5; },        -150, 0, 150, Reason::kMeterFading},
    Case{"ASilentMeter",                   300, [](PlantLimits& l) { l.meter_authority = 0; },             0, 0, 0, Reason::kMeterSilent},
    Case{"AFault",                         300, [](PlantLimits& l) { l.stop = FaultId::kCellVoltageHigh; }, 0, 0, 0, Reason::kFaultLatched},
    Case{"Idle",                           300, [](PlantLimits& l) { l.mode = Mode::kIdle; },              0, 0, 0, Reason::kIdle}),
    [](const auto& row) { return row.param.name; });

struct ReduceCase {
  const char* name;
  double limit_w;
  double standing_w;
  bool must_reduce;
};

class MustReduceTest : public testing::TestWithParam<ReduceCase> {};

TEST_P(MustReduceTest, BeyondWhatAReadingMayBeWrongBy) {
  const ReduceCase& c = GetParam();
  PlantLimits limits;
  limits.battery.charge = limits.battery.discharge = Watts(c.limit_w);
  limits.standing = Watts(c.standing_w);
  limits.meter_authority = 1.0;
  Wish wish;
  wish.power = Watts(c.standing_w);
  LimitWish(limits, wish);
  EXPECT_EQ(wish.must_reduce, c.must_reduce);
}

INSTANTIATE_TEST_SUITE_P(Standing, MustReduceTest, testing::Values(
    //         name                          limit  standing  must
    ReduceCase{"Within",                       500,      490, false},
    ReduceCase{"OneAmpereBeyondIsNoise",       500,      524, false},
    ReduceCase{"MoreIsNot",                    500,      526, true},
    ReduceCase{"AlsoDischarging",              500,     -526, true},
    ReduceCase{"TwoPercentOfALargeOneIsNoise", 2000,    2039, false},
    ReduceCase{"MoreThanTwoIsNot",             2000,    2041, true},
    ReduceCase{"AStopAlways",                     0,       1, true}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace abcds
