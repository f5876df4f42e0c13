#include "clients/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "clients/example_state.h"

namespace abcds {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ReportTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

TEST_F(ReportTest, StatusTellsEverythingInWords) {
  EXPECT_THAT(
      StatusLines(ExampleState()),
      ElementsAre("Site        home at 08:00:00   abcdsd 0.1.0",                                               //
                  "Mode        automatic",                                                                     //
                  "Grid        12 W importing   target 0 W   meter grid active, 0.4 s old",                    //
                  "House       402 W consumed",                                                                //
                  "Battery     54.2 %   26.40 V   15.2 A discharging   cells 3.298 to 3.305 V   18 to 21 °C",  //
                  "            takes up to 1300 W   gives up to 1290 W   charged 54 Wh, discharged 1.23 kWh",  //
                  "inverter    388 W discharging   set 390 W discharging   lumentree active   regulating for 12 s",
                  "Decision    390 W discharging: converter limit (390 W) for 12 s",  //
                  "Faults      none",                                                 //
                  "Cycle       every 20.0 ms   5000 run, 1 missed   computing <= 45 µs   late <= 1.2 ms   real time"));
}

TEST_F(ReportTest, UnknownIsSaidNotShownAsZero) {
  v1::PlantState state = ExampleState();
  state.mutable_meter()->clear_power_w();
  state.mutable_meter()->clear_age_s();
  state.mutable_meter()->set_lifecycle(v1::LIFECYCLE_CONNECTING);
  state.clear_estimate();
  state.mutable_battery()->Clear();
  state.mutable_converters(0)->clear_power_w();
  const auto lines = StatusLines(state);
  EXPECT_THAT(lines, Contains("Grid        unknown   target 0 W   meter grid connecting"));
  EXPECT_THAT(lines, Contains("House       unknown"));
  EXPECT_THAT(lines, Contains("Battery     unknown"));
  EXPECT_THAT(lines, Contains(HasSubstr("power unknown")));
  EXPECT_THAT(WatchLine(state), HasSubstr("battery             unknown"));
}

TEST_F(ReportTest, LeasesSayWhenTheyEnd) {
  v1::PlantState state = ExampleState();
  state.set_mode(v1::MODE_FORCED);
  state.set_forced_power_w(500);
  state.set_forced_until_soc_ratio(0.8);
  state.mutable_lease_ends()->set_seconds(state.time().seconds() + 900);
  state.set_discharger_enabled(false);
  state.set_target_w(-200);
  state.mutable_target_lease_ends()->set_seconds(state.time().seconds() + 60);
  EXPECT_EQ(ModeText(state),
            "forced 500 W charging to 80 % until 08:15:00 (15 min left), discharging disabled by the configuration");
  EXPECT_EQ(TargetText(state), "target 200 W exporting until 08:01:00 (1 min left)");
}

TEST_F(ReportTest, WhatAnOperatorDisabledSaysSinceWhen) {
  v1::PlantState state = ExampleState();
  state.set_charger_enabled(false);
  state.mutable_charging_disabled_since()->set_seconds(state.time().seconds() - 60);
  EXPECT_EQ(ModeText(state), "automatic, charging disabled by an operator since 07:59:00 (survives restarts)");
}

TEST_F(ReportTest, SurplusIsNotConsumption) {
  v1::PlantState state = ExampleState();
  state.mutable_estimate()->set_load_w(-700);
  EXPECT_THAT(StatusLines(state), Contains("House       700 W surplus from the sun"));
}

TEST_F(ReportTest, FaultsSayWhatToDo) {
  v1::PlantState state = ExampleState();
  v1::Fault* const fault = state.add_faults();
  fault->set_id("converter_not_following");
  fault->set_device("inverter");
  fault->set_severity(v1::Fault::SEVERITY_STOP);
  fault->set_latched(true);
  fault->set_text("It reads back something else than it was told: check its mode switch.");
  fault->mutable_since()->set_seconds(state.time().seconds() - 60);
  EXPECT_THAT(
      StatusLines(state),
      Contains("Faults      stop: converter_not_following of inverter, latched, its cause has gone   since 07:59:00"));
  EXPECT_THAT(StatusLines(state), Contains(HasSubstr("check its mode switch.")));
  EXPECT_THAT(StatusLines(state),
              Contains(HasSubstr("abcdsctl clear-fault converter_not_following --device inverter")));
  EXPECT_THAT(WatchLine(state), HasSubstr("  1 fault"));

  state.mutable_faults(0)->set_active(true);  // clearing would be refused
  EXPECT_THAT(StatusLines(state), Not(Contains(HasSubstr("clear-fault"))));
}

TEST_F(ReportTest, TroubleOfEveryDeviceIsShown) {
  v1::PlantState state = ExampleState();
  state.mutable_meter()->mutable_details()->set_trouble("no message for 12 s: is the broker running?");
  state.mutable_converters(0)->mutable_details()->set_trouble("no answer on ttyUSB0");
  EXPECT_THAT(StatusLines(state), Contains("Trouble     grid: no message for 12 s: is the broker running?"));
  EXPECT_THAT(StatusLines(state), Contains("Trouble     inverter: no answer on ttyUSB0"));
}

TEST_F(ReportTest, WatchLineKeepsItsColumns) {
  EXPECT_EQ(
      WatchLine(ExampleState()),
      "08:00:00  grid    12 W importing  house    402 W  battery   388 W discharging  54 %  set   390 W discharging  "
      "converter limit");
}

TEST_F(ReportTest, ExplanationShowsSentencesThenNumbers) {
  v1::ExplainResponse explanation;
  explanation.set_summary("Discharging 390 W: follows the load.\ninverter: Discharging 390 W.");
  explanation.add_converters()->set_name("inverter");
  explanation.mutable_converters(0)->set_text("Discharging 390 W.");
  *explanation.mutable_decision() = ExampleState().decision();
  EXPECT_THAT(ExplainLines(explanation, {}),
              ElementsAre("Discharging 390 W: follows the load.", "  inverter: Discharging 390 W.",
                          "Wanted      402 W discharging before limits   390 W discharging after them   "
                          "converter limit (390 W) for 12 s",
                          "Faults      none"));
}

}  // namespace
}  // namespace abcds
