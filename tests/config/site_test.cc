// Whole configurations through the checker with the real device types: what is wrong is said, all of it, in words that
// tell what is allowed.
#include "server/config/site.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "server/devices/registry.h"

namespace abcds {
namespace {

// A good file; each row below replaces one piece of it.
const char kGood[] = R"(bus { name: "line" port: "/dev/ttyUSB0" }
meter { mqtt { broker { host: "broker" } topic: "power" } }
converter { name: "inverter" lumentree { model: MODEL_600 bus: "line" } }
battery { cells: 8 capacity_ah: 100 }
)";

std::string Changed(const std::string& from, const std::string& to) {
  EXPECT_NE(std::string(kGood).find(from), std::string::npos) << from;
  return absl::StrReplaceAll(kGood, {{from, to}});
}

std::vector<std::string> ProblemsOf(const std::string& text) {
  const auto site = LoadSiteText(text, "f", KnownDevices());
  if (site.ok()) return {};
  EXPECT_EQ(site.status().code(), absl::StatusCode::kInvalidArgument);
  return absl::StrSplit(std::string(site.status().message()), '\n');
}

TEST(LoadSite, TheGoodFileIsGood) { EXPECT_EQ(ProblemsOf(kGood), std::vector<std::string>{}); }

struct Case {
  const char* name;
  const char* from;
  const char* to;
  std::vector<std::string> problems;
};

class BadConfigTest : public testing::TestWithParam<Case> {};

TEST_P(BadConfigTest, IsRefusedWithTheReason) {
  EXPECT_EQ(ProblemsOf(Changed(GetParam().from, GetParam().to)), GetParam().problems);
}

std::string NameOf(const testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Missing, BadConfigTest,
    testing::Values(
        Case{"Meter",
             "meter { mqtt { broker { host: \"broker\" } topic: \"power\" } }",
             "",
             {"f: meter is missing: without one the grid's power is unknown"}},
        Case{"MeterDevice",
             "mqtt { broker { host: \"broker\" } topic: \"power\" }",
             "interval_s: 1",
             {"f:2: meter has no device: one of house, mqtt"}},
        Case{"Converter",
             "converter { name: \"inverter\" lumentree { model: MODEL_600 bus: \"line\" } }",
             "",
             {"f: converter is missing: at least one charger or inverter"}},
        Case{"ConverterDevice",
             "lumentree { model: MODEL_600 bus: \"line\" }",
             "",
             {"f:3: converter[0] has no device: one of house_charger, house_discharger, lumentree"}},
        Case{"Battery",
             "battery { cells: 8 capacity_ah: 100 }",
             "",
             {"f: battery is missing: at least its cells and capacity_ah"}},
        Case{"BatteryFields",
             "cells: 8 capacity_ah: 100",
             "",
             {"f:4: battery.cells is missing: a whole number in [1, 64]",
              "f:4: battery.capacity_ah is missing: a number in [1, 10000]"}},
        Case{"Broker",
             "broker { host: \"broker\" }",
             "",
             {"f:2: meter.mqtt.broker is missing: host and port of the MQTT broker"}},
        Case{"Host", "host: \"broker\"", "", {"f:2: meter.mqtt.broker.host is missing: text in quotes"}},
        Case{"Topic", " topic: \"power\"", "", {"f:2: meter.mqtt.topic is missing: text in quotes"}},
        Case{"EmptyTopic", "topic: \"power\"", "topic: \"\"", {"f:2: meter.mqtt.topic is empty"}},
        Case{"Model",
             "model: MODEL_600 ",
             "",
             {"f:3: converter[0].lumentree.model is missing: one of MODEL_600, MODEL_1000, MODEL_2000"}},
        Case{"UnspecifiedModel",
             "MODEL_600",
             "MODEL_UNSPECIFIED",
             {"f:3: converter[0].lumentree.model is missing: one of MODEL_600, MODEL_1000, MODEL_2000"}},
        Case{"BusReference", " bus: \"line\"", "", {"f:3: converter[0].lumentree.bus is missing: text in quotes"}},
        Case{"ConverterName", "name: \"inverter\" ", "", {"f:3: converter[0].name is missing: text in quotes"}},
        Case{"BusFields",
             "name: \"line\" port: \"/dev/ttyUSB0\"",
             "baud: 9600",
             {"f:1: bus[0].name is missing: text in quotes", "f:1: bus[0].port is missing: text in quotes",
              "f:3: converter[0].lumentree.bus = \"line\" is the name of no bus: the file names none"}},
        Case{"AnUnreadableFieldIsNotMissingToo",
             "cells: 8",
             "cells: \"8\"",
             {"f:4:11: battery.cells = \"8\" must be a whole number in [1, 64]"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Ranges, BadConfigTest,
    testing::Values(
        Case{"MaxDischarge",
             "lumentree {",
             "max_discharge_w: 90000 lumentree {",
             {"f:3: converter[0].max_discharge_w = 90000 is outside [0, 20000]"}},
        Case{"NotANumber", "mqtt {", "interval_s: nan mqtt {", {"f:2: meter.interval_s = nan is outside [0.05, 60]"}},
        Case{"Infinity", "mqtt {", "latency_s: inf mqtt {", {"f:2: meter.latency_s = inf is outside [0, 60]"}},
        Case{"NoCells", "cells: 8", "cells: 0", {"f:4: battery.cells = 0 is outside [1, 64]"}},
        Case{"Address",
             "model: MODEL_600",
             "model: MODEL_600 address: 248",
             {"f:3: converter[0].lumentree.address = 248 is outside [1, 247]"}},
        Case{"Period",
             "battery {",
             "real_time { period_ms: 0 priority: 50 cpu: 300 }\nbattery {",
             {"f:4: real_time.period_ms = 0 is outside [1, 200]", "f:4: real_time.priority = 50 is outside [1, 49]",
              "f:4: real_time.cpu = 300 is outside [0, 255]"}},
        Case{"ControlCharacters", "\"power\"", "\"po\\nwer\"", {"f:2: meter.mqtt.topic contains control characters"}},
        Case{"OddBaud",
             "port:",
             "baud: 9601 port:",
             {"f:1: bus[0].baud = 9601 is none of 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200"}},
        Case{"BaudBeyond", "port:", "baud: 921600 port:", {"f:1: bus[0].baud = 921600 is outside [1200, 115200]"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    NamesAndBuses, BadConfigTest,
    testing::Values(
        Case{"BlankInAName",
             "\"inverter\"",
             "\"my inverter\"",
             {"f:3: converter[0].name = \"my inverter\" is no name: 1 to 40 letters, digits, - and _"}},
        Case{"BlankInTheSite",
             "bus {",
             "site: \"my home\" bus {",
             {"f:1: site = \"my home\" is no name: 1 to 40 letters, digits, - and _"}},
        Case{"EmptyMeterName", "mqtt {", "name: \"\" mqtt {", {"f:2: meter.name is empty"}},
        Case{"ConverterNamedAsTheMeter",
             "\"inverter\"",
             "\"grid\"",
             {"f:3: converter[0].name = \"grid\" is already the name of meter"}},
        Case{"TwoBusesOfOneName",
             "meter {",
             "bus { name: \"line\" port: \"/dev/ttyUSB1\" }\nmeter {",
             {"f:2: bus[1].name = \"line\" is already the name of bus[0]"}},
        Case{"TwoBusesOnOnePort",
             "meter {",
             "bus { name: \"other\" port: \"/dev/ttyUSB0\" }\nmeter {",
             {"f:2: bus[1].port = \"/dev/ttyUSB0\" is already the port of bus[0]; devices on one line share one bus"}},
        Case{"RelativePort",
             "/dev/ttyUSB0",
             "ttyUSB0",
             {"f:1: bus[0].port = \"ttyUSB0\" must be a full path (\"/dev/serial/by-id/…\") or \"tcp://host:port\""}},
        Case{"TcpWithoutPort",
             "/dev/ttyUSB0",
             "tcp://adapter",
             {"f:1: bus[0].port = \"tcp://adapter\" must be a full path (\"/dev/serial/by-id/…\") or "
              "\"tcp://host:port\""}},
        Case{"UnknownBus",
             "bus: \"line\"",
             "bus: \"lien\"",
             {"f:3: converter[0].lumentree.bus = \"lien\" is the name of no bus: one of line"}},
        Case{"TwoDevicesAtOneAddress",
             "battery {",
             "converter { name: \"b\" lumentree { model: MODEL_600 bus: \"line\" address: 1 } }\nbattery {",
             {"f:4: converter[1].lumentree.address = 1 is already the address of converter[0].lumentree on bus "
              "\"line\""}},
        Case{"TwoConvertersOfOneName",
             "battery {",
             "converter { name: \"inverter\" lumentree { model: MODEL_600 bus: \"line\" address: 2 } }\nbattery {",
             {"f:4: converter[1].name = \"inverter\" is already the name of converter[0]"}},
        Case{"NineConverters",
             "converter {",
             "converter { name: \"1\" lumentree { model: MODEL_600 bus: \"line\" address: 11 } }\n"
             "converter { name: \"2\" lumentree { model: MODEL_600 bus: \"line\" address: 12 } }\n"
             "converter { name: \"3\" lumentree { model: MODEL_600 bus: \"line\" address: 13 } }\n"
             "converter { name: \"4\" lumentree { model: MODEL_600 bus: \"line\" address: 14 } }\n"
             "converter { name: \"5\" lumentree { model: MODEL_600 bus: \"line\" address: 15 } }\n"
             "converter { name: \"6\" lumentree { model: MODEL_600 bus: \"line\" address: 16 } }\n"
             "converter { name: \"7\" lumentree { model: MODEL_600 bus: \"line\" address: 17 } }\n"
             "converter { name: \"8\" lumentree { model: MODEL_600 bus: \"line\" address: 18 } }\nconverter {",
             {"f: converter is given 9 times; at most 8"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Devices, BadConfigTest,
    testing::Values(
        Case{"MoreThanTheModelCan",
             "lumentree {",
             "max_discharge_w: 700 lumentree {",
             {"f:3: converter[0].max_discharge_w = 700 is more than this device can do (600)"}},
        Case{"AnInverterCannotCharge",
             "lumentree {",
             "max_charge_w: 300 min_charge_w: 50 lumentree {",
             {"f:3: converter[0].max_charge_w = 300: a lumentree of this kind cannot charge",
              "f:3: converter[0].min_charge_w = 50: a lumentree of this kind cannot charge"}},
        Case{"MinimumAboveMaximum",
             "lumentree {",
             "min_discharge_w: 400 max_discharge_w: 300 lumentree {",
             {"f:3: converter[0].min_discharge_w leaves no power between the minimum of 400 W and the maximum of 300 W "
              "to discharge with"}},
        Case{
            "MaximumBelowTheDevicesMinimum",
            "lumentree {",
            "max_discharge_w: 20 lumentree {",
            {"f:3: converter[0].max_discharge_w leaves no power between the minimum of 28 W and the maximum of 20 W to "
             "discharge with"}},
        Case{"NothingAllowed",
             "lumentree {",
             "max_discharge_w: 0 lumentree {",
             {"f:3: converter[0] may neither charge nor discharge: both of its maxima are 0"}},
        Case{"SimulatedMeterWithARealInverter",
             "mqtt { broker { host: \"broker\" } topic: \"power\" }",
             "house {}",
             {"f: meter is simulated and converter[0] is real hardware: a simulated house must not steer a real "
              "battery, "
              "nor be steered with one"}},
        Case{"ASecondSimulatedCharger",
             kGood,
             "meter { house {} }\nconverter { name: \"a\" house_charger {} }\nconverter { name: \"b\" house_charger {} "
             "}\n"
             "battery { cells: 8 capacity_ah: 100 }",
             {"f:3: converter[1] is a second house_charger; the simulated house has one, converter[0]"}},
        Case{"SimulatedMeterIsNotInverted",
             kGood,
             "meter { house {} invert: true }\nconverter { name: \"a\" house_charger {} }\n"
             "battery { cells: 8 capacity_ah: 100 }",
             {"f:1: meter.invert = true: the simulated house's meter counts import as positive"}},
        Case{"Wildcard",
             "\"power\"",
             "\"house/+/power\"",
             {"f:2: meter.mqtt.topic = \"house/+/power\" has a wildcard (# or +): name the one topic of the grid "
              "power"}},
        Case{"EmptyPath",
             "topic:",
             "json_path: \"\" topic:",
             {"f:2: meter.mqtt.json_path is empty: leave it out for a plain number"}},
        Case{"HostWithScheme",
             "host: \"broker\"",
             "host: \"mqtt://broker\"",
             {"f:2: meter.mqtt.broker.host = \"mqtt://broker\" must be a plain host name or address; the port has its "
              "own field"}},
        Case{"PasswordWithoutUser",
             "host: \"broker\"",
             "host: \"broker\" password: \"hunter2\"",
             {"f:2: meter.mqtt.broker.user is missing: MQTT knows no password without a user"}},
        Case{"TwoPasswords",
             "host: \"broker\"",
             "host: \"broker\" user: \"u\" password: \"hunter2\" password_file: \"/p\"",
             {"f:2: meter.mqtt.broker.password_file and password are both given; only one can be"}},
        Case{"RelativePasswordFile",
             "host: \"broker\"",
             "host: \"broker\" user: \"u\" password_file: \"p\"",
             {"f:2: meter.mqtt.broker.password_file must be a full path"}},
        Case{"CertificateWithoutKey",
             "host: \"broker\"",
             "host: \"broker\" tls { certificate_file: \"/c\" }",
             {"f:2: meter.mqtt.broker.tls.key_file is missing: a client's certificate and its key come together"}},
        Case{"RelativeCertificate",
             "host: \"broker\"",
             "host: \"broker\" tls { ca_file: \"ca.pem\" }",
             {"f:2: meter.mqtt.broker.tls.ca_file must be a full path"}},
        Case{"AuthorityThatIsNotUsed",
             "host: \"broker\"",
             "host: \"broker\" tls { ca_file: \"/c\" insecure: true }",
             {"f:2: meter.mqtt.broker.tls.insecure = true makes ca_file pointless: give one of them"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Battery, BadConfigTest,
    testing::Values(
        Case{"RestartBelowEmpty",
             "cells: 8",
             "cells: 8 cell_voltage_min: 3.2 cell_voltage_min_restart: 3.1",
             {"f:4: battery.cell_voltage_min = 3.2 must be below cell_voltage_min_restart = 3.1"}},
        Case{"EmptyAboveTheDefaultRestart",
             "cells: 8",
             "cells: 8 cell_voltage_min: 3.25",
             {"f:4: battery.cell_voltage_min = 3.25 must be below cell_voltage_min_restart = 3.2 (default)"}},
        Case{"RestartAtEmpty",
             "cells: 8",
             "cells: 8 cell_voltage_min: 3.2",
             {"f:4: battery.cell_voltage_min = 3.2 must be below cell_voltage_min_restart = 3.2 (default)"}},
        Case{"FullAtItsRestartIsFine", "cells: 8", "cells: 8 cell_voltage_max: 3.34", {}},
        Case{"RestartsCross",
             "cells: 8",
             "cells: 8 cell_voltage_min_restart: 3.4",
             {"f:4: battery.cell_voltage_min_restart = 3.4 must be below cell_voltage_max_restart = 3.34 (default)"}},
        Case{"FullBelowItsRestart",
             "cells: 8",
             "cells: 8 cell_voltage_max: 3.3",
             {"f:4: battery.cell_voltage_max = 3.3 must be at or above cell_voltage_max_restart = 3.34 (default)"}},
        Case{"VoltageOfAPackInsteadOfACell",
             "cells: 8",
             "cells: 8 cell_voltage_max: 27.6",
             {"f:4: battery.cell_voltage_max = 27.6 is outside [2.5, 3.65]"}},
        Case{"SocWithoutABms",
             "cells: 8",
             "cells: 8 soc_min: 0.1 soc_restart: 0.2",
             {"f:4: battery.soc_min needs a bms to be measured by; the file has none",
              "f:4: battery.soc_restart needs a bms to be measured by; the file has none"}},
        Case{"SocRestartBelow",
             "battery { cells: 8",
             "bms { house {} }\nbattery { cells: 8 soc_min: 0.2",
             {"f:5: battery.soc_min = 0.2 must be below soc_restart = 0.05 (default)",
              "f: bms is simulated and converter[0] is real hardware: a simulated house must not steer a real battery, "
              "nor be steered with one"}},
        Case{"NarrowTemperatures",
             "battery { cells: 8",
             "bms { house {} }\nbattery { cells: 8 charge_temperature_min_c: 40",
             {"f:5: battery.charge_temperature_min_c = 40 leaves less than 11 °C to charge_temperature_max_c = 45 "
              "(default); power is derated over the last 5 °C at each end",
              "f: bms is simulated and converter[0] is real hardware: a simulated house must not steer a real battery, "
              "nor be steered with one"}},
        Case{"CurrentOfASlippedPoint",
             "cells: 8",
             "cells: 8 max_discharge_current_a: 500",
             {"f:4: battery.max_discharge_current_a = 500 is more than 3 times capacity_ah = 100 per hour"}},
        Case{
            "FullWhileCharging",
            "cells: 8",
            "cells: 8 full_current_a: 60",
            {"f:4: battery.full_current_a makes full_current_a = 60 reach max_charge_current_a = 50: the battery would "
             "count as full while charging normally"}},
        Case{"Resistance",
             "cells: 8",
             "cells: 8 resistance_mohm: 100",
             {"f:4: battery.resistance_mohm = 100 drops 5 V at the largest current, more than a tenth of 25.6 V"}},
        Case{"CurrentThatStartsNoInverter",
             "cells: 8",
             "cells: 8 max_discharge_current_a: 0.5",
             {"f:3: converter[0] could never discharge: it needs at least 28 W, and battery.max_discharge_current_a = "
              "0.5 "
              "allows 13.8 W"}},
        Case{"PlausibleBelowTheConverters",
             "mqtt {",
             "plausible_w: 500 mqtt {",
             {"f:2: meter.plausible_w = 500 is less than the converters' 600 W: the meter's own values would be "
              "refused"}},
        Case{"TargetBeyondPlausible", "battery {", "regulation { target_w: -1500 }\nbattery {", {}},
        Case{
            "TargetBeyondASmallPlausible",
            "meter {",
            "regulation { target_w: -1500 }\nmeter { plausible_w: 1000",
            {"f:2: regulation.target_w = -1500 is beyond meter.plausible_w = ± 1000: the meter's values there would be "
             "refused"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Services, BadConfigTest,
    testing::Values(
        Case{"BeyondLoopback",
             "battery {",
             "services { grpc_listen: \"0.0.0.0:50051\" }\nbattery {",
             {"f:4: services.grpc_listen = \"0.0.0.0:50051\" is reachable by others, and this version protects nothing "
              "beyond loopback: only 127.0.0.0/8, localhost and [::1]; from elsewhere use an SSH tunnel"}},
        Case{"AnAddressOfTheLan",
             "battery {",
             "services { metrics_listen: \"192.168.1.5:9105\" }\nbattery {",
             {"f:4: services.metrics_listen = \"192.168.1.5:9105\" is reachable by others, and this version protects "
              "nothing beyond loopback: only 127.0.0.0/8, localhost and [::1]; from elsewhere use an SSH tunnel"}},
        Case{
            "NoPort",
            "battery {",
            "services { metrics_listen: \"127.0.0.1\" }\nbattery {",
            {"f:4: services.metrics_listen = \"127.0.0.1\" must be \"address:port\" with a port in [1, 65535], or \"\" "
             "for off"}},
        Case{"PortZero",
             "battery {",
             "services { metrics_listen: \"127.0.0.1:0\" }\nbattery {",
             {"f:4: services.metrics_listen = \"127.0.0.1:0\" must be \"address:port\" with a port in [1, 65535], or "
              "\"\" for off"}},
        Case{"OnePortForTwo",
             "battery {",
             "services { metrics_listen: \"[::1]:50051\" }\nbattery {",
             {"f:4: services.metrics_listen uses port 50051, which the other service has"}},
        Case{"BareIpv6",
             "battery {",
             "services { grpc_listen: \"::1:50051\" }\nbattery {",
             {"f:4: services.grpc_listen = \"::1:50051\" must be \"address:port\" with a port in [1, 65535], or \"\" "
              "for "
              "off"}},
        Case{"OtherLoopbacksAreFine",
             "battery {",
             "services { grpc_listen: \"[::1]:1\" metrics_listen: \"127.1.2.3:2\" }\nbattery {",
             {}},
        Case{"OffIsFine", "battery {", "services { grpc_listen: \"\" metrics_listen: \"\" }\nbattery {", {}}),
    NameOf);

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
  EXPECT_TRUE(site.core.regulation.lead);
  EXPECT_EQ(site.core.regulation.reversal_hold, std::chrono::seconds(2));

  ASSERT_EQ(site.core.converter_count, 1);
  const ConverterSettings& converter = site.core.converters[0];
  EXPECT_FALSE(converter.charges);
  EXPECT_TRUE(converter.discharges);
  EXPECT_EQ(converter.max_discharge, Watts(600));
  EXPECT_EQ(converter.min_discharge, Watts(28));
  EXPECT_EQ(converter.deadband, Watts(10));
  EXPECT_EQ(converter.minimum_interval, std::chrono::milliseconds(500));
  EXPECT_EQ(converter.response.dead_time, std::chrono::milliseconds(250));
  EXPECT_EQ(converter.response.ramp_up, WattsPerSecond(600));
}

TEST(LoadSite, WhatTheFileSaysIsInForce) {
  const std::string text = absl::StrReplaceAll(
      kGood, {{"bus { name", "site: \"cabin\" bus { baud: 19200 name"},
              {"mqtt {", "interval_s: 5 latency_s: 2 averaging_s: 0 noise_w: 8 mqtt {"},
              {"lumentree {",
               "max_discharge_w: 400 min_discharge_w: 40 deadband_w: 15 minimum_interval_s: 2 slew_w_per_s: 200 "
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
