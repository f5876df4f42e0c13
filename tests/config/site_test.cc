// Whole configurations through the checker with the real device types: what is wrong is said, all of it, in words that
// tell what is allowed; what is good becomes settings.
#include "server/config/site.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "server/devices/registry.h"
#include "tests/config/bad_config.h"

namespace abcds {
namespace {

TEST(LoadSite, TheGoodFileIsGood) { EXPECT_EQ(ProblemsOf(kGood), std::vector<std::string>{}); }

TEST(LoadSite, AllProblemsAtOnce) {
  EXPECT_EQ(ProblemsOf(
                "bus { name: \"a\" port: \"x\" }\nmetre {}\nconverter {\n  name: \"i\"\n  lumentree {\n    bus: \"b\"\n"
                "    address: 0\n  }\n  dead_band_w: 3\n}\nbattery {\n  cells: many\n  capacity_ah: 0\n}\n"),
            (std::vector<std::string>{
                "f:1: bus[0].port = \"x\" must be a full path (\"/dev/serial/by-id/…\") or \"tcp://host:port\"",
                "f:2:1: metre is not a known field; did you mean \"meter\"?",
                "f:5: converter[0].lumentree.model is missing: one of MODEL_600, MODEL_1000, MODEL_2000",
                "f:6: converter[0].lumentree.bus = \"b\" is the name of no bus: one of a",
                "f:7: converter[0].lumentree.address = 0 is outside [1, 247]",
                "f:9:3: converter[0].dead_band_w is not a known field; did you mean \"deadband_w\"?",
                "f:12:3: battery.cells = many must be a whole number in [1, 64]",
                "f:13: battery.capacity_ah = 0 is outside [1, 10000]",
                "f: meter is missing: without one the grid's power is unknown",
            }));
}

TEST(LoadSite, NoSentenceHoldsAPassword) {
  const auto problems = ProblemsOf(Changed("host: \"broker\"", "host: \"a b\" password: \"hunter2\\n\""));
  ASSERT_FALSE(problems.empty());
  for (const std::string& problem : problems) EXPECT_EQ(problem.find("hunter2"), std::string::npos) << problem;
}

TEST(LoadSite, TwoPathsToOnePortAreOnePort) {
  const std::string folder = testing::TempDir();
  const std::string port = absl::StrCat(folder, "/port");
  const std::string link = absl::StrCat(folder, "/link");
  std::ofstream(port).put('x');
  std::filesystem::remove(link);
  std::filesystem::create_symlink(port, link);
  const auto problems = ProblemsOf(absl::StrReplaceAll(
      kGood, {{"/dev/ttyUSB0", port}, {"meter {", absl::StrCat("bus { name: \"b\" port: \"", link, "\" }\nmeter {")}}));
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].find("is already the port of bus[0]"), std::string::npos) << problems[0];
}

TEST(LoadSite, DefaultsAreThoseOfTheSchemaAndTheDevice) {
  const auto loaded = LoadSiteText(kGood, "f", KnownDevices());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Site& site = *loaded;
  EXPECT_EQ(site.name, "home");
  EXPECT_EQ(site.meter.name, "grid");
  EXPECT_EQ(site.meter.type, "mqtt");
  EXPECT_FALSE(site.battery.has_value());
  ASSERT_EQ(site.converters.size(), 1u);
  EXPECT_EQ(site.converters[0].name, "inverter");
  EXPECT_EQ(site.converters[0].type, "lumentree");
  ASSERT_EQ(site.buses.size(), 1u);
  EXPECT_EQ(site.buses[0].baud, 9600u);
  EXPECT_EQ(site.period, std::chrono::milliseconds(20));
  EXPECT_EQ(site.priority, 40);
  EXPECT_FALSE(site.cpu.has_value());
  EXPECT_EQ(site.grpc_listen, "127.0.0.1:50051");
  EXPECT_EQ(site.metrics_listen, "127.0.0.1:9105");

  EXPECT_EQ(site.core.meter.interval, std::chrono::seconds(1));
  EXPECT_EQ(site.core.meter.latency, std::chrono::milliseconds(500));
  EXPECT_EQ(site.core.meter.averaging, std::chrono::seconds(1));
  EXPECT_EQ(site.core.meter.plausible, Watts(50000));
  EXPECT_EQ(site.core.battery.cells, 8);
  EXPECT_EQ(site.core.battery.cell_min, Volts(3.05));
  EXPECT_EQ(site.core.battery.cell_max_restart, Volts(3.34));
  EXPECT_EQ(site.core.battery.max_discharge_current, Amperes(50));
  EXPECT_EQ(site.core.battery.silence_grace, std::chrono::seconds(30));
  EXPECT_FALSE(site.core.battery.charge_without_temperature);
  EXPECT_TRUE(site.core.regulation.lead);
  EXPECT_EQ(site.core.regulation.reversal_hold, std::chrono::seconds(2));

  ASSERT_EQ(site.core.converter_count, 1);
  const ConverterSettings& converter = site.core.converters[0];
  EXPECT_FALSE(converter.charges);
  EXPECT_TRUE(converter.discharges);
  EXPECT_EQ(converter.max_discharge, Watts(600));
  EXPECT_EQ(converter.min_discharge, Watts(28));
  EXPECT_EQ(converter.deadband, Watts(10));
  EXPECT_EQ(converter.efficiency, 0.92);
  EXPECT_EQ(converter.writes_per_hour, 0);
  EXPECT_EQ(converter.minimum_interval, std::chrono::milliseconds(500));
  EXPECT_EQ(converter.response.dead_time, std::chrono::milliseconds(250));
  EXPECT_EQ(converter.response.ramp_up, WattsPerSecond(600));
}

TEST(LoadSite, ABusIsAsFastAsTheDevicesOnItExpect) {
  const auto loaded = LoadSiteText(
      absl::StrCat(kGood, "bus { name: \"bms-line\" port: \"/dev/y\" } bms { jk_bms { bus: \"bms-line\" } }"), "f",
      KnownDevices());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_EQ(loaded->buses.size(), 2u);
  EXPECT_EQ(loaded->buses[0].baud, 9600u) << "an inverter's";
  EXPECT_EQ(loaded->buses[1].baud, 115200u) << "a BMS's";
}

TEST(LoadSite, WhatTheFileSaysIsInForce) {
  const std::string text = absl::StrReplaceAll(
      kGood, {{"bus { name", "site: \"cabin\" bus { baud: 19200 name"},
              {"mqtt {", "interval_s: 5 latency_s: 2 averaging_s: 0 noise_w: 8 mqtt {"},
              {"lumentree {",
               "max_discharge_w: 400 min_discharge_w: 40 deadband_w: 15 minimum_interval_s: 2 slew_w_per_s: 200 "
               "efficiency: 0.9 writes_per_hour: 120 "
               "response { dead_time_s: 1 ramp_up_w_per_s: 100 } lumentree {"},
              {"MODEL_600", "MODEL_2000"},
              {"cells: 8", "cells: 16 resistance_mohm: 20 max_charge_current_a: 10"},
              {"battery {",
               "regulation { target_w: 30 lead: false charge_enabled: false } real_time { period_ms: 10 cpu: 3 }\n"
               "services { grpc_listen: \"localhost:1\" metrics_listen: \"\" }\nbattery {"}});
  const auto loaded = LoadSiteText(text, "f", KnownDevices());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Site& site = *loaded;
  EXPECT_EQ(site.name, "cabin");
  EXPECT_EQ(site.buses[0].baud, 19200u);
  EXPECT_EQ(site.core.meter.interval, std::chrono::seconds(5));
  EXPECT_EQ(site.core.meter.averaging, Nanoseconds(0));
  EXPECT_EQ(site.core.meter.noise, Watts(8));
  const ConverterSettings& converter = site.core.converters[0];
  EXPECT_EQ(converter.max_discharge, Watts(400));
  EXPECT_EQ(converter.min_discharge, Watts(40));
  EXPECT_EQ(converter.deadband, Watts(15));
  EXPECT_EQ(converter.minimum_interval, std::chrono::seconds(2));
  EXPECT_EQ(converter.slew, WattsPerSecond(200));
  EXPECT_EQ(converter.efficiency, 0.9);
  EXPECT_EQ(converter.writes_per_hour, 120);
  EXPECT_EQ(converter.response.dead_time, std::chrono::seconds(1));
  EXPECT_EQ(converter.response.ramp_up, WattsPerSecond(100));
  EXPECT_EQ(converter.response.ramp_down, WattsPerSecond(1500));
  EXPECT_EQ(site.core.battery.resistance, Ohms(0.02));
  EXPECT_EQ(site.core.battery.max_charge_current, Amperes(10));
  EXPECT_EQ(site.core.regulation.target, Watts(30));
  EXPECT_FALSE(site.core.regulation.lead);
  EXPECT_FALSE(site.core.regulation.charge_enabled);
  EXPECT_TRUE(site.core.regulation.discharge_enabled);
  EXPECT_EQ(site.period, std::chrono::milliseconds(10));
  EXPECT_EQ(site.cpu, 3);
  EXPECT_EQ(site.grpc_listen, "localhost:1");
  EXPECT_EQ(site.metrics_listen, "");
}

TEST(LoadSite, AnEmptyFileIsSaidToBeEmpty) {
  const std::string path = absl::StrCat(testing::TempDir(), "/empty.textproto");
  std::ofstream(path).flush();
  const auto site = LoadSite(path, KnownDevices());
  EXPECT_EQ(site.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(site.status().message(), absl::StrCat(path, ": the file is empty"));
}

}  // namespace
}  // namespace abcds
