#include "monitoring/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>

#include "control/core/names.h"

namespace abcds {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr MonotonicTime kNow{std::chrono::hours(5)};

template <class Q>
Sample<Q> Taken(double value, Nanoseconds ago) {
  return {Q(value), kNow - ago, true};
}

// Every sample known, so that every metric exists.
Observation Everything() {
  Observation o;
  o.started = true;
  o.meter = {"grid", "mqtt", {{"messages", 77}, {"refused", 2}}, false};
  o.has_battery_monitor = true;
  o.battery = {"bms", "house", {}, false};
  o.converters = {{"charger", "house-charger", {}, true}, {"inverter", "lumentree", {{"timeouts", 4}}, false}};
  o.converters[1].thread_age = milliseconds(700);
  Snapshot& s = o.snapshot;
  s.time = kNow;
  s.converter_count = 2;
  s.meter = {Taken<Watts>(21, milliseconds(300)), 77, Lifecycle::kActive};
  s.battery.voltage = Taken<Volts>(26.4, milliseconds(200));
  s.battery.current = Taken<Amperes>(-15.5, milliseconds(200));
  s.battery.soc = Taken<Ratio>(0.53, milliseconds(200));
  s.battery.cell_lowest = Taken<Volts>(3.29, milliseconds(200));
  s.battery.cell_highest = Taken<Volts>(3.31, milliseconds(200));
  s.battery.temperature_lowest = Taken<Celsius>(17, milliseconds(200));
  s.battery.temperature_highest = Taken<Celsius>(19, milliseconds(200));
  s.battery.lifecycle = Lifecycle::kActive;
  ConverterState& inverter = s.converter_states[1];
  inverter.power = Taken<Watts>(-388, milliseconds(100));
  inverter.acknowledged = Taken<Watts>(-390, milliseconds(600));
  inverter.dc_voltage = Taken<Volts>(26.2, milliseconds(100));
  inverter.max_discharge = Watts(600);
  inverter.lifecycle = Lifecycle::kActive;
  Outputs& out = s.outputs;
  out.load = Taken<Watts>(411, milliseconds(300));
  out.battery_voltage = s.battery.voltage;
  out.battery_limits.charge = Watts(1280);
  out.plant.setpoint = Watts(-390);
  out.plant.reason = Reason::kRegulating;
  out.converters[0].decision.reason = Reason::kConverterNotReady;
  out.converters[1].power = Watts(-390);
  out.converters[1].decision.reason = Reason::kSlewRate;
  out.discharged = Joules(7200);
  out.faults[0] = {FaultId::kMeterSilent, -1, false, false, Severity::kStop, MonotonicTime::min(), 5};
  out.faults[1] = {FaultId::kConverterFaulty, 1, true, true, Severity::kStop, kNow, 2};
  out.faults[2] = {FaultId::kConverterFaulty, 5, true, true, Severity::kStop, kNow, 2};  // no such converter
  s.cycle.sequence = 1000;
  s.cycle.period = milliseconds(20);
  s.cycle.minor_faults = 3;
  s.cycle.compute.Add(std::chrono::microseconds(15));
  s.cycle.compute.Add(std::chrono::microseconds(15));
  s.cycle.compute.Add(std::chrono::milliseconds(200));
  return o;
}

const BuildFacts kBuild = {"1.2.3", "cottage"};

// The value of the series with exactly these labels, in any order.
std::optional<double> Value(const std::vector<prometheus::MetricFamily>& families, const std::string& name,
                            const std::map<std::string, std::string>& labels = {}) {
  for (const auto& family : families) {
    if (family.name != name) continue;
    for (const auto& metric : family.metric) {
      std::map<std::string, std::string> own;
      for (const auto& label : metric.label) own[label.name] = label.value;
      if (own != labels) continue;
      return family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
    }
  }
  return std::nullopt;
}

TEST(MetricsTest, TellThePlant) {
  const auto families = CollectMetrics(kBuild, Everything());
  EXPECT_EQ(Value(families, "abcds_build_info", {{"version", "1.2.3"}, {"site", "cottage"}}), 1);
  EXPECT_EQ(Value(families, "abcds_started"), 1);
  EXPECT_EQ(Value(families, "abcds_grid_power_watts"), 21);
  EXPECT_EQ(Value(families, "abcds_load_watts"), 411);
  EXPECT_EQ(Value(families, "abcds_plant_setpoint_watts"), -390);
  EXPECT_EQ(Value(families, "abcds_discharged_joules_total"), 7200);
  EXPECT_EQ(Value(families, "abcds_battery_current_amperes"), -15.5);
  EXPECT_EQ(Value(families, "abcds_battery_cell_voltage_volts", {{"cell", "highest"}}), 3.31);
  EXPECT_EQ(Value(families, "abcds_battery_temperature_celsius", {{"sensor", "lowest"}}), 17);
  EXPECT_EQ(Value(families, "abcds_cycles_total"), 1000);
  EXPECT_EQ(Value(families, "abcds_cycle_period_seconds"), 0.02);
  EXPECT_EQ(Value(families, "abcds_cycle_page_faults_total", {{"kind", "minor"}}), 3);
  EXPECT_EQ(Value(families, "abcds_cycle_page_faults_total", {{"kind", "major"}}), 0);
}

TEST(MetricsTest, TellTheDevices) {
  const auto families = CollectMetrics(kBuild, Everything());
  EXPECT_EQ(Value(families, "abcds_device_info", {{"device", "inverter"}, {"type", "lumentree"}}), 1);
  EXPECT_EQ(Value(families, "abcds_device_state", {{"device", "inverter"}, {"state", "active"}}), 1);
  EXPECT_EQ(Value(families, "abcds_device_state", {{"device", "charger"}, {"state", "active"}}), 0);
  EXPECT_EQ(Value(families, "abcds_device_state", {{"device", "charger"}, {"state", "connecting"}}), 1);
  EXPECT_DOUBLE_EQ(*Value(families, "abcds_device_age_seconds", {{"device", "grid"}}), 0.3);
  EXPECT_DOUBLE_EQ(*Value(families, "abcds_device_age_seconds", {{"device", "bms"}}), 0.2);
  EXPECT_DOUBLE_EQ(*Value(families, "abcds_device_age_seconds", {{"device", "inverter"}}), 0.1);
  EXPECT_EQ(Value(families, "abcds_device_age_seconds", {{"device", "charger"}}), std::nullopt) << "never heard of it";
  EXPECT_EQ(Value(families, "abcds_device_trouble", {{"device", "charger"}}), 1);
  EXPECT_EQ(Value(families, "abcds_device_trouble", {{"device", "inverter"}}), 0);
  EXPECT_EQ(Value(families, "abcds_device_events_total", {{"device", "inverter"}, {"event", "timeouts"}}), 4);
  EXPECT_EQ(Value(families, "abcds_converter_setpoint_watts", {{"device", "inverter"}}), -390);
  EXPECT_EQ(Value(families, "abcds_converter_power_watts", {{"device", "inverter"}}), -388);
  EXPECT_EQ(Value(families, "abcds_converter_power_watts", {{"device", "charger"}}), std::nullopt);
}

TEST(MetricsTest, ExactlyOneStateOfASetIsOne) {
  const auto families = CollectMetrics(kBuild, Everything());
  EXPECT_EQ(Value(families, "abcds_plant_reason", {{"reason", ReasonName(Reason::kRegulating)}}), 1);
  EXPECT_EQ(
      Value(families, "abcds_converter_reason", {{"device", "inverter"}, {"reason", ReasonName(Reason::kSlewRate)}}),
      1);
  EXPECT_EQ(Value(families, "abcds_mode", {{"mode", "automatic"}}), 1);
  for (const auto& family : families) {
    if (family.name != "abcds_plant_reason" && family.name != "abcds_mode") continue;
    double sum = 0;
    for (const auto& metric : family.metric) sum += metric.gauge.value;
    EXPECT_EQ(sum, 1) << family.name;
  }
}

TEST(MetricsTest, FaultsOfConvertersThatAreNotThereAreLeftOut) {
  const auto families = CollectMetrics(kBuild, Everything());
  EXPECT_EQ(Value(families, "abcds_fault_active", {{"fault", "meter_silent"}, {"device", ""}}), 0);
  EXPECT_EQ(Value(families, "abcds_fault_occurrences_total", {{"fault", "meter_silent"}, {"device", ""}}), 5);
  EXPECT_EQ(Value(families, "abcds_fault_active", {{"fault", "converter_faulty"}, {"device", "inverter"}}), 1);
  EXPECT_EQ(Value(families, "abcds_fault_latched", {{"fault", "converter_faulty"}, {"device", "inverter"}}), 1);
  for (const auto& family : families) {
    if (family.name == "abcds_fault_active") {
      EXPECT_EQ(family.metric.size(), 2u);
    }
  }
}

TEST(MetricsTest, WhatIsUnknownIsAbsent) {
  Observation o = Everything();
  o.snapshot.meter.power.valid = false;
  o.snapshot.battery.soc.value = Ratio(std::numeric_limits<double>::quiet_NaN());
  o.has_battery_monitor = false;
  const auto families = CollectMetrics(kBuild, o);
  EXPECT_EQ(Value(families, "abcds_grid_power_watts"), std::nullopt);
  EXPECT_EQ(Value(families, "abcds_battery_soc_ratio"), std::nullopt);
  EXPECT_EQ(Value(families, "abcds_device_info", {{"device", "bms"}, {"type", "house"}}), std::nullopt);
}

TEST(MetricsTest, BeforeTheFirstCycleOnlyTheBuildIsTold) {
  Observation o = Everything();
  o.started = false;
  const auto families = CollectMetrics(kBuild, o);
  EXPECT_EQ(families.size(), 2u);
  EXPECT_EQ(Value(families, "abcds_started"), 0);
}

TEST(MetricsTest, HistogramsAreCumulativeAndEndAtInfinity) {
  for (const auto& family : CollectMetrics(kBuild, Everything())) {
    if (family.name != "abcds_cycle_compute_seconds") continue;
    const auto& histogram = family.metric.at(0).histogram;
    ASSERT_EQ(histogram.bucket.size(), DurationHistogram::kBoundsSeconds.size() + 1);
    EXPECT_EQ(histogram.bucket[1].upper_bound, 10e-6);
    EXPECT_EQ(histogram.bucket[1].cumulative_count, 0u);
    EXPECT_EQ(histogram.bucket[2].cumulative_count, 2u);
    EXPECT_EQ(histogram.bucket[11].cumulative_count, 2u);
    EXPECT_TRUE(std::isinf(histogram.bucket[12].upper_bound));
    EXPECT_EQ(histogram.bucket[12].cumulative_count, 3u);
    EXPECT_EQ(histogram.sample_count, 3u);
    EXPECT_DOUBLE_EQ(histogram.sample_sum, 0.20003);
    return;
  }
  FAIL() << "no histogram";
}

TEST(MetricsTest, FollowTheConventions) {
  const std::regex name("abcds_[a-z]+(_[a-z]+)*");
  for (const auto& family : CollectMetrics(kBuild, Everything())) {
    EXPECT_TRUE(std::regex_match(family.name, name)) << family.name;
    EXPECT_FALSE(family.help.empty()) << family.name;
    EXPECT_EQ(family.type == prometheus::MetricType::Counter, testing::Value(family.name, testing::EndsWith("_total")))
        << family.name;
    EXPECT_FALSE(family.metric.empty()) << family.name;
    std::set<std::vector<prometheus::ClientMetric::Label>> seen;
    for (const auto& metric : family.metric) {
      EXPECT_TRUE(seen.insert(metric.label).second) << family.name << " has the same labels twice";
    }
  }
}

TEST(MetricsTest, TheReadmeListsThemAllInOrderWithTypeAndLabels) {
  std::ifstream file("monitoring/README.md");
  ASSERT_TRUE(file.is_open());
  const std::regex row("\\| `(abcds_[a-z_]+)` \\| (gauge|counter|histogram) \\| ([a-z, ]*) ?\\| .*");
  std::vector<std::string> documented;
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    if (!std::regex_match(line, match, row)) continue;
    std::string labels = match[3].str();
    while (!labels.empty() && labels.back() == ' ') labels.pop_back();
    documented.push_back(match[1].str() + " " + match[2].str() + " " + labels);
  }
  std::vector<std::string> exported;
  for (const auto& family : CollectMetrics(kBuild, Everything())) {
    const char* type = family.type == prometheus::MetricType::Counter     ? "counter"
                       : family.type == prometheus::MetricType::Histogram ? "histogram"
                                                                          : "gauge";
    std::string labels;
    for (const auto& label : family.metric.at(0).label) labels += (labels.empty() ? "" : ", ") + label.name;
    exported.push_back(family.name + " " + type + " " + labels);
  }
  EXPECT_THAT(documented, testing::UnorderedElementsAreArray(exported));
}

}  // namespace
}  // namespace abcds
