#include "server/grpc/state_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "control/core/names.h"
#include "server/plant/fake_cycle.h"

namespace abcds {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

constexpr MonotonicTime kNow{std::chrono::hours(5)};
constexpr WallTime kWall{seconds(1'800'000'000)};

PlantState FakeState() {
  PlantState state;
  state.snapshot = FakeSnapshot(kNow);
  state.wall_time = kWall;
  auto details = std::make_shared<PlantDetails>();
  details->meter.counters["messages"] = 12;
  details->converters.resize(2);
  details->converters[1].identity["model"] = "600";
  details->converters[1].readings["temperature_c"] = 31.5;
  details->converters[1].trouble = "hot";
  state.details = details;
  return state;
}

v1::PlantState Translate(const PlantState& state, const SiteFacts& facts = FakeSite()) {
  v1::PlantState proto;
  FillState(facts, state, proto);
  return proto;
}

TEST(FillStateTest, TellsThePlant) {
  const v1::PlantState proto = Translate(FakeState());
  EXPECT_EQ(proto.site(), "cottage");
  EXPECT_EQ(proto.version(), "1.2.3");
  EXPECT_EQ(proto.time().seconds(), 1'800'000'000);
  EXPECT_EQ(proto.mode(), v1::MODE_AUTOMATIC);
  EXPECT_TRUE(proto.charger_enabled());
  EXPECT_FALSE(proto.has_lease_ends());
  EXPECT_FALSE(proto.has_target_lease_ends());
  EXPECT_FALSE(proto.has_forced_power_w());
  EXPECT_EQ(proto.estimate().load_w(), 411);
  EXPECT_EQ(proto.decision().setpoint_w(), -390);
  EXPECT_EQ(proto.decision().wanted_w(), -391);
  EXPECT_EQ(proto.decision().reason(), ReasonName(Reason::kRegulating));
  EXPECT_EQ(proto.decision().since().seconds(), 1);
  EXPECT_EQ(proto.decision().since().nanos(), 500'000'000);
  EXPECT_FALSE(proto.decision().has_limit_w());
  EXPECT_EQ(proto.cycle().period_s(), 0.02);
  EXPECT_THAT(proto.faults(), IsEmpty());
}

TEST(FillStateTest, TellsTheDevices) {
  const v1::PlantState proto = Translate(FakeState());
  EXPECT_EQ(proto.meter().name(), "grid");
  EXPECT_EQ(proto.meter().power_w(), 21);
  EXPECT_DOUBLE_EQ(proto.meter().age_s(), 0.3);
  EXPECT_EQ(proto.meter().samples(), 77u);
  EXPECT_EQ(proto.meter().details().counters().at("messages"), 12u);
  EXPECT_EQ(proto.battery().name(), "bms");
  EXPECT_EQ(proto.battery().voltage_v(), 26.4);
  EXPECT_EQ(proto.battery().current_a(), -15.5);
  EXPECT_EQ(proto.battery().soc_ratio(), 0.53);
  EXPECT_EQ(proto.battery().charged_wh(), 1000);
  EXPECT_EQ(proto.battery().discharged_wh(), 2000);
  EXPECT_EQ(proto.battery().charge_limit_w(), 1280);
  ASSERT_THAT(proto.converters(), SizeIs(2));
  const v1::ConverterStatus& charger = proto.converters(0);
  EXPECT_EQ(charger.lifecycle(), v1::LIFECYCLE_CONNECTING);
  EXPECT_EQ(charger.decision().reason(), ReasonName(Reason::kConverterNotReady));
  const v1::ConverterStatus& inverter = proto.converters(1);
  EXPECT_EQ(inverter.name(), "inverter");
  EXPECT_EQ(inverter.device(), "lumentree");
  EXPECT_EQ(inverter.lifecycle(), v1::LIFECYCLE_ACTIVE);
  EXPECT_EQ(inverter.setpoint_w(), -390);
  EXPECT_EQ(inverter.acknowledged_w(), -390);
  EXPECT_EQ(inverter.power_w(), -388);
  EXPECT_DOUBLE_EQ(inverter.power_age_s(), 0.1);
  EXPECT_EQ(inverter.dc_voltage_v(), 26.2);
  EXPECT_EQ(inverter.max_discharge_w(), 600);
  EXPECT_EQ(inverter.details().identity().at("model"), "600");
  EXPECT_EQ(inverter.details().readings().at("temperature_c"), 31.5);
  EXPECT_EQ(inverter.details().trouble(), "hot");
}

TEST(FillStateTest, WhatIsUnknownIsLeftOut) {
  PlantState state = FakeState();
  Snapshot& s = state.snapshot;
  s.meter.power.valid = false;
  s.battery.soc.value = Ratio(std::nan(""));
  s.outputs.load.valid = false;
  s.outputs.battery_voltage.valid = false;
  s.converter_states[1].power.valid = false;
  const v1::PlantState proto = Translate(state);
  EXPECT_FALSE(proto.meter().has_power_w());
  EXPECT_FALSE(proto.meter().has_age_s());
  EXPECT_FALSE(proto.battery().has_soc_ratio());
  EXPECT_FALSE(proto.battery().has_voltage_v());
  EXPECT_FALSE(proto.battery().has_cell_lowest_v());
  EXPECT_FALSE(proto.estimate().has_load_w());
  EXPECT_FALSE(proto.converters(1).has_power_w());
  EXPECT_FALSE(proto.converters(1).has_power_age_s());
}

TEST(FillStateTest, WithoutABmsThereIsNoNameAndNoLifecycle) {
  SiteFacts facts = FakeSite();
  facts.battery.reset();
  const v1::PlantState proto = Translate(FakeState(), facts);
  EXPECT_EQ(proto.battery().name(), "");
  EXPECT_EQ(proto.battery().lifecycle(), v1::LIFECYCLE_UNSPECIFIED);
  EXPECT_EQ(proto.battery().voltage_v(), 26.4) << "from a converter, then";
}

TEST(FillStateTest, LeasesEndInWallTime) {
  PlantState state = FakeState();
  Snapshot& s = state.snapshot;
  s.intent.mode = Mode::kForced;
  s.intent.mode_ends = kNow + minutes(10);
  s.intent.forced_power = Watts(500);
  s.intent.forced_until_soc = Ratio(0.8);
  s.intent.target_ends = kNow + minutes(3);
  s.outputs.mode = Mode::kForced;
  v1::PlantState proto = Translate(state);
  EXPECT_EQ(proto.lease_ends().seconds(), 1'800'000'600);
  EXPECT_EQ(proto.target_lease_ends().seconds(), 1'800'000'180);
  EXPECT_EQ(proto.forced_power_w(), 500);
  EXPECT_EQ(proto.forced_until_soc_ratio(), 0.8);
  s.outputs.mode = Mode::kAutomatic;  // it has reached its end
  s.intent.target_ends = kNow;
  proto = Translate(state);
  EXPECT_FALSE(proto.has_lease_ends());
  EXPECT_FALSE(proto.has_target_lease_ends());
  EXPECT_FALSE(proto.has_forced_power_w());
}

TEST(FillStateTest, FaultsAreThoseThatAreActiveOrLatched) {
  PlantState state = FakeState();
  AddFault(state.snapshot, FaultId::kMeterSilent, -1, /*active=*/false, /*latched=*/false);
  AddFault(state.snapshot, FaultId::kConverterFaulty, 1, /*active=*/true, /*latched=*/false);
  AddFault(state.snapshot, FaultId::kMeterDisagrees, -1, /*active=*/false, /*latched=*/true);
  const v1::PlantState proto = Translate(state);
  ASSERT_THAT(proto.faults(), SizeIs(2));
  EXPECT_EQ(proto.faults(0).id(), "converter_faulty");
  EXPECT_EQ(proto.faults(0).device(), "inverter");
  EXPECT_TRUE(proto.faults(0).active());
  EXPECT_FALSE(proto.faults(0).latched());
  EXPECT_EQ(proto.faults(0).severity(), v1::Fault::SEVERITY_STOP);
  EXPECT_EQ(proto.faults(0).since().seconds(), 1'800'000'000 - 9);
  EXPECT_EQ(proto.faults(0).occurrences(), 3u);
  EXPECT_NE(proto.faults(0).text(), "");
  EXPECT_EQ(proto.faults(1).id(), "meter_disagrees");
  EXPECT_EQ(proto.faults(1).device(), "");
  EXPECT_TRUE(proto.faults(1).latched());
}

TEST(FillStateTest, ABindingLimitIsShown) {
  PlantState state = FakeState();
  state.snapshot.outputs.plant.limited = true;
  state.snapshot.outputs.plant.limit = Watts(600);
  EXPECT_EQ(Translate(state).decision().limit_w(), 600);
}

TEST(FillStateTest, NothingIsMinusZero) {
  PlantState state = FakeState();
  state.snapshot.outputs.converters[1].power = Watts(-0.0);
  EXPECT_FALSE(std::signbit(Translate(state).converters(1).setpoint_w()));
}

TEST(FillExplanationTest, SpeaksForThePlantAndEachConverter) {
  v1::ExplainResponse proto;
  FillExplanation(FakeSite(), FakeState(), proto);
  EXPECT_EQ(proto.summary(), "Discharging 390 W: follows the load estimate of 411 W");
  ASSERT_THAT(proto.converters(), SizeIs(2));
  EXPECT_EQ(proto.converters(0).name(), "charger");
  EXPECT_EQ(proto.converters(0).text(),
            "0 W: the device does not answer yet, or no longer; check its cable and supply");
  EXPECT_EQ(proto.converters(1).decision().setpoint_w(), -390);
  EXPECT_EQ(proto.decision().reason(), ReasonName(Reason::kRegulating));
}

}  // namespace
}  // namespace abcds
