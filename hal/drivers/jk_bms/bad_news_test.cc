// Bad news counts with the frame that brings it, however little the line is believed; good news never does.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>

#include "hal/drivers/jk_bms/bad_news.h"
#include "hal/drivers/jk_bms/wire_bench.h"

namespace abcds::jk_bms {
namespace {

struct LineCase {
  const char* name;
  int damaged_before;    // replies, just before the news comes
  bool changed_setting; // at the same time somebody turns a knob in the app, so that the fixed part is another one
};

struct NewsCase {
  const char* name;
  void (*strike)(sim::JkReadings& pack);
  bool (*heeded)(const BatteryState& state);
  bool (*forgotten)(const BatteryState& state);
};

void SetCell(sim::JkReadings& pack, size_t cell, int mv) {
  pack.voltage_v += (mv - pack.cell_mv[cell]) / 1000.0;
  pack.cell_mv[cell] = mv;
}

bool Near(double a, double b) { return std::fabs(a - b) < 1e-9; }

class BadNewsTest : public testing::TestWithParam<std::tuple<LineCase, NewsCase>> {};

TEST_P(BadNewsTest, CountsWithItsFrame) {
  const auto& [line, news] = GetParam();
  sim::JkReadings pack = Pack();
  sim::JkDialect dialect;
  bool damaging = false;
  Session session(SessionOptions{});
  WireBench bench(session, [&](const Bytes&) {
    Bytes reply = sim::JkReply(pack, dialect, 0x06);
    if (damaging) reply[40] ^= 1;
    return reply;
  });
  bench.Run(std::chrono::seconds(3));
  ASSERT_TRUE(news.forgotten(session.state()));

  damaging = true;
  for (int i = 0; i < line.damaged_before; ++i) bench.Exchange();
  damaging = false;
  news.strike(pack);
  dialect.full_set = !line.changed_setting;
  const MonotonicTime proven_at = session.state().voltage.taken_at;
  const uint64_t samples = session.counters().samples;
  bench.Exchange();
  EXPECT_TRUE(news.heeded(session.state()));
  if (session.counters().samples == samples) {
    EXPECT_EQ(session.state().voltage.taken_at, proven_at) << "what is not believed keeps nothing fresh";
  }

  // Its end needs proof, and gets it.
  pack = Pack();
  bench.Run(std::chrono::seconds(30));
  EXPECT_TRUE(news.forgotten(session.state()));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, BadNewsTest,
    testing::Combine(
        testing::Values(LineCase{"OnALineInGoodOrder", 0, false}, LineCase{"OnADoubtedLine", 1, false},
                        LineCase{"OnALineThatSpoilsMostReplies", 40, false},
                        LineCase{"WithASettingChanged", 0, true}),
        testing::Values(
            NewsCase{"ChargingForbidden", [](sim::JkReadings& pack) { pack.charge_switch = false; },
                     [](const BatteryState& state) { return !state.charge_allowed && state.discharge_allowed; },
                     [](const BatteryState& state) { return state.charge_allowed; }},
            NewsCase{"DischargingForbidden", [](sim::JkReadings& pack) { pack.warnings = 1 << 11; },
                     [](const BatteryState& state) { return !state.discharge_allowed && state.charge_allowed; },
                     [](const BatteryState& state) { return state.discharge_allowed; }},
            NewsCase{"ForbiddenWithAnOpenSenseWire",
                     [](sim::JkReadings& pack) {
                       pack.discharge_switch = false;
                       pack.cell_mv[3] = 0;
                     },
                     [](const BatteryState& state) { return !state.discharge_allowed; },
                     [](const BatteryState& state) { return state.discharge_allowed; }},
            NewsCase{"ACellTooHigh", [](sim::JkReadings& pack) { SetCell(pack, 2, 3660); },
                     [](const BatteryState& state) { return Near(state.cell_highest.value.value(), 3.66); },
                     [](const BatteryState& state) { return Near(state.cell_highest.value.value(), 3.306); }},
            NewsCase{"ACellTooLow", [](sim::JkReadings& pack) { SetCell(pack, 2, 2810); },
                     [](const BatteryState& state) { return Near(state.cell_lowest.value.value(), 2.81); },
                     [](const BatteryState& state) { return Near(state.cell_lowest.value.value(), 3.3); }},
            NewsCase{"TooHot", [](sim::JkReadings& pack) { pack.battery_c = 71; },
                     [](const BatteryState& state) { return state.temperature_highest.value == Celsius(71); },
                     [](const BatteryState& state) { return state.temperature_highest.value == Celsius(20); }},
            NewsCase{"TooCold", [](sim::JkReadings& pack) { pack.battery_c = -15; },
                     [](const BatteryState& state) { return state.temperature_lowest.value == Celsius(-15); },
                     [](const BatteryState& state) { return state.temperature_lowest.value == Celsius(20); }})),
    [](const auto& info) {
      return std::string(std::get<1>(info.param).name) + std::get<0>(info.param).name;
    });

// Else every step of a load would be shown as the lowest cell of one moment beside the highest of another.
TEST(HeedWorseTest, WhatALoadStepDoesIsNoNews) {
  const MonotonicTime now(std::chrono::hours(1));
  BatteryState known;
  known.cell_lowest = {Volts(3.28), now, true};
  known.cell_highest = {Volts(3.31), now, true};
  known.temperature_lowest = {Celsius(18), now, true};
  known.temperature_highest = {Celsius(20), now, true};
  BatteryState said = known;
  said.cell_lowest.value = Volts(3.09);
  said.cell_highest.value = Volts(3.50);
  said.temperature_lowest.value = Celsius(13);
  said.temperature_highest.value = Celsius(25);
  HeedWorse(said, known);
  EXPECT_EQ(known.cell_lowest.value, Volts(3.28));
  EXPECT_EQ(known.cell_highest.value, Volts(3.31));
  EXPECT_EQ(known.temperature_lowest.value, Celsius(18));
  EXPECT_EQ(known.temperature_highest.value, Celsius(20));
  said.cell_lowest.value = Volts(3.07);
  said.cell_highest.value = Volts(3.52);
  said.temperature_lowest.value = Celsius(12);
  said.temperature_highest.value = Celsius(26);
  HeedWorse(said, known);
  EXPECT_EQ(known.cell_lowest.value, Volts(3.07));
  EXPECT_EQ(known.cell_highest.value, Volts(3.52));
  EXPECT_EQ(known.temperature_lowest.value, Celsius(12));
  EXPECT_EQ(known.temperature_highest.value, Celsius(26));
}

TEST(HeedWorseTest, ALowerLimitCountsAndAHigherOneDoesNot) {
  const MonotonicTime now(std::chrono::hours(1));
  BatteryState known;
  known.charge_current_limit = {Amperes(50), now, true};
  BatteryState said = known;
  said.charge_current_limit.value = Amperes(5);
  said.discharge_current_limit = {Amperes(80), now, true};
  HeedWorse(said, known);
  EXPECT_EQ(known.charge_current_limit.value, Amperes(5));
  EXPECT_TRUE(known.discharge_current_limit.valid) << "there was none";
  EXPECT_EQ(known.discharge_current_limit.value, Amperes(80));
  said.charge_current_limit.value = Amperes(60);
  said.discharge_current_limit.value = Amperes(90);
  HeedWorse(said, known);
  EXPECT_EQ(known.charge_current_limit.value, Amperes(5));
  EXPECT_EQ(known.discharge_current_limit.value, Amperes(80));
}

}  // namespace
}  // namespace abcds::jk_bms
