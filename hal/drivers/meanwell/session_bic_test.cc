// The session with a BIC-2200: both directions, their voltages, and staying on at 0 W.
#include <gtest/gtest.h>

#include <vector>

#include "hal/drivers/meanwell/session_bench.h"

namespace abcds::meanwell {
namespace {

using enum Command;

TEST_F(SessionTest, BicChargesAndDischarges) {
  Make(Bic(), 52.0);
  BecomeActive();
  EXPECT_NEAR(session_->state().max_charge.value(), 2160 / 0.92, 10) << "41.5 A";
  EXPECT_NEAR(session_->state().max_discharge.value(), 1720, 10);
  EXPECT_NEAR(session_->state().min_charge.value(), 25, 1);
  Hold(Watts(1000), 4s);
  EXPECT_NEAR(Power(), 990, 25);
  EXPECT_NEAR(session_->state().power.value.value(), 1000, 25);
  Hold(Watts(0), 2s);
  Hold(Watts(-800), 4s);
  EXPECT_NEAR(Power(), -808, 25);
  EXPECT_NEAR(session_->state().power.value.value(), -800, 25);
  EXPECT_EQ(session_->state().acknowledged.value, Watts(-800));
}

TEST_F(SessionTest, BicChangesDirectionThroughRest) {
  Make(Bic(), 52.0);
  BecomeActive();
  Hold(Watts(1000), 4s);
  said_.clear();
  const MonotonicTime turned_at = now_;
  Hold(Watts(-800), 5s);
  const std::vector<Said> writes = Writes();
  ASSERT_EQ(writes.size(), 4u);
  EXPECT_TRUE(writes[0].IsWrite(kOperation)) << "off";
  EXPECT_TRUE(writes[1].IsWrite(kDirectionCtrl)) << "the discharge current is at its least already";
  EXPECT_GE(writes[1].at - turned_at, 950ms) << "the hold time";
  EXPECT_TRUE(writes[2].IsWrite(kReverseIoutSet));
  EXPECT_GE(writes[2].at - writes[1].at, 200ms);
  EXPECT_TRUE(writes[3].IsWrite(kOperation)) << "on";
  EXPECT_LT(Power(), -750);
}

TEST_F(SessionTest, BicDirectionIsCountedEvenWithoutEeprom) {
  Make(Bic(), 52.0);
  BecomeActive();
  EXPECT_FALSE(session_->state().write_limited);
  EXPECT_TRUE(session_->state().turn_limited) << "control must know";
  const uint64_t before = ledger_.Writes(kDevice);
  Hold(Watts(-800), 4s);
  EXPECT_EQ(ledger_.Writes(kDevice), before + 1);
  EXPECT_EQ(device_->eeprom_writes(), ledger_.Writes(kDevice));
}

TEST_F(SessionTest, BicAlwaysOnIdlesAtItsLeastCurrent) {
  Options options = OptionsFor(Bic());
  options.always_on = true;
  Make(Bic(), 52.0, &options);
  may_idle_charging_ = may_idle_discharging_ = true;
  BecomeActive();
  Hold(Watts(1000), 4s);
  Hold(Watts(0), 2s);
  EXPECT_EQ(device_->Value(0x00), 1);
  EXPECT_NEAR(Power(), 25, 3);
  said_.clear();
  Hold(Watts(-800), 4s);
  EXPECT_LT(Power(), -750);
  EXPECT_TRUE(Written(kOperation).empty()) << "never off in between";
  // Stopping is not idling.
  Give(Watts(0), 100ms);
  Run(1s);
  EXPECT_EQ(device_->Value(0x00), 0);
}

TEST_F(SessionTest, BicDoesNotRunAgainstItsVoltages) {
  Make(Bic(), 55.3);
  BecomeActive();
  Run(5s);
  EXPECT_EQ(session_->state().max_charge, Watts(0)) << "it would discharge";
  EXPECT_GT(session_->state().max_discharge, Watts(1000));
  device_->SetBattery(48.7, 0.012);
  Run(3s);
  EXPECT_EQ(session_->state().max_discharge, Watts(0)) << "it would charge";
  EXPECT_GT(session_->state().max_charge, Watts(1000));
  device_->SetBattery(49.2, 0.012);
  Run(3s);
  EXPECT_EQ(session_->state().max_discharge, Watts(0)) << "hysteresis";
  device_->SetBattery(50.2, 0.012);
  Run(3s);
  EXPECT_GT(session_->state().max_discharge, Watts(1000));
}

struct IdleRow {
  const char* name;
  double last_w;  // leaves its direction behind
  bool may_charge;
  bool may_discharge;
  double idles_w;  // 0: off
};
class BicIdleTest : public SessionTest, public testing::WithParamInterface<IdleRow> {};
TEST_P(BicIdleTest, StaysOnOnlyInADirectionThatIsAllowed) {
  Options options = OptionsFor(Bic());
  options.always_on = true;
  Make(Bic(), 52.0, &options);
  BecomeActive();
  Hold(Watts(GetParam().last_w), 4s);
  may_idle_charging_ = GetParam().may_charge;
  may_idle_discharging_ = GetParam().may_discharge;
  Hold(Watts(0), 3s);
  EXPECT_EQ(device_->Value(0x00), GetParam().idles_w == 0 ? 0 : 1);
  EXPECT_NEAR(Power(), GetParam().idles_w, 3);
  EXPECT_EQ(session_->state().lifecycle, Lifecycle::kActive);
}
INSTANTIATE_TEST_SUITE_P(Directions, BicIdleTest,
                         testing::Values(IdleRow{"ChargedAndMayCharge", 1000, true, false, 25},
                                         IdleRow{"ChargedAndMayOnlyDischarge", 1000, false, true, 0},
                                         IdleRow{"DischargedAndMayDischarge", -800, false, true, -22},
                                         IdleRow{"DischargedAndMayOnlyCharge", -800, true, false, 0},
                                         IdleRow{"ToldToStop", -800, false, false, 0}),
                         [](const auto& info) { return info.param.name; });

TEST_F(SessionTest, BicThatIdlesEndsWithItsCommandAndWithItsPermission) {
  Options options = OptionsFor(Bic());
  options.always_on = true;
  Make(Bic(), 52.0, &options);
  BecomeActive();
  may_idle_charging_ = true;
  Hold(Watts(0), 4s);
  ASSERT_EQ(device_->Value(0x00), 1);
  may_idle_charging_ = false;
  Hold(Watts(0), 100ms);
  EXPECT_EQ(device_->Value(0x00), 0) << "a stop";
  may_idle_charging_ = true;
  Hold(Watts(0), 4s);
  ASSERT_EQ(device_->Value(0x00), 1);
  said_.clear();
  Give(Watts(0), 500ms);
  const MonotonicTime expires_at = now_ + 500ms;
  Run(1s);
  ASSERT_EQ(Writes().size(), 1u);
  EXPECT_GE(Writes()[0].at, expires_at);
  EXPECT_LE(Writes()[0].at, expires_at + 35ms);
  EXPECT_EQ(device_->Value(0x00), 0);
}

TEST_F(SessionTest, BicDoesNotIdleOnTheReserveOfItsMemory) {
  sim::MeanwellOptions device = Bic();
  device.old_firmware = true;
  Options options = OptionsFor(device);
  options.always_on = true;
  ledger_.AddWrites(kDevice, 3'999'500);
  Make(device, 52.0, &options);
  may_idle_charging_ = may_idle_discharging_ = true;
  LinkUp();
  Hold(Watts(0), 10s);
  EXPECT_TRUE(Writes().empty());
}

TEST_F(SessionTest, BicTapersAtItsChargeVoltageWithoutBeingBlocked) {
  Make(Bic(), 52.0);
  BecomeActive();
  device_->SetBattery(55.05, 0.012);
  Hold(Watts(1000), 20s);
  EXPECT_NEAR(Power(), 740, 30) << "12.5 A still flow at 55.2 V";
  EXPECT_GT(session_->state().max_charge, Watts(600));
}

TEST_F(SessionTest, BicIsFullOnceItHardlyTakesAnything) {
  Make(Bic(), 55.25);
  BecomeActive();
  EXPECT_GT(session_->state().max_charge, Watts(1000)) << "not at the first reading";
  Run(5s);
  EXPECT_EQ(session_->state().max_charge, Watts(0));
}

TEST_F(SessionTest, BicThatDischargesWhileItShouldChargeIsBlockedAtOnce) {
  Make(Bic(), 55.3);
  LinkUp();
  Hold(Watts(1000), 4s);
  EXPECT_EQ(session_->state().max_charge, Watts(0));
  EXPECT_EQ(device_->Value(0x00), 0);
}

}  // namespace
}  // namespace abcds::meanwell
