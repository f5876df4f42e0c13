// The files that people start from: the examples, what --print_config writes, and the reference page.
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "hal/api/fake_write_ledger.h"
#include "server/config/print.h"
#include "server/config/site.h"
#include "server/devices/device_set.h"
#include "server/devices/registry.h"

namespace abcds {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Examples, EachOneLoads) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("docs/examples")) {
    if (entry.path().extension() != ".textproto") continue;
    ++count;
    const auto site = LoadSite(entry.path(), KnownDevices());
    ASSERT_TRUE(site.ok()) << site.status();
    for (const Site::SerialBus& bus : site->buses) EXPECT_GT(bus.baud, 0u) << entry.path() << ": bus " << bus.name;
  }
  EXPECT_GE(count, 2);
}

TEST(Examples, TheHouseHasAllItsDevices) {
  const auto site = LoadSite("docs/examples/house.textproto", KnownDevices());
  ASSERT_TRUE(site.ok()) << site.status();
  FakeWriteLedger ledger;
  const auto devices = DeviceSet::Build(*site, ledger);
  ASSERT_TRUE(devices.ok()) << devices.status();
  const CycleDevices cycle = (*devices)->cycle_devices();
  EXPECT_NE(cycle.meter, nullptr);
  EXPECT_NE(cycle.battery, nullptr);
  EXPECT_NE(cycle.converters[0], nullptr);
  EXPECT_NE(cycle.converters[1], nullptr);
  EXPECT_EQ(cycle.converters[2], nullptr);
  ASSERT_EQ((*devices)->converters().size(), 2u);
  EXPECT_EQ((*devices)->converters()[0].name, "charger");
  EXPECT_EQ((*devices)->converters()[1].name, "inverter");
  EXPECT_EQ((*devices)->meter().type, "house");
  EXPECT_EQ((*devices)->battery()->name, "bms");
}

class PrintConfigTest : public testing::TestWithParam<const char*> {};

TEST_P(PrintConfigTest, LoadsAsItIs) {
  const auto text = PrintConfig(GetParam(), KnownDevices());
  ASSERT_TRUE(text.ok()) << text.status();
  const auto site = LoadSiteText(*text, "printed", KnownDevices());
  EXPECT_TRUE(site.ok()) << site.status() << "\n" << *text;
}

// Every field that is not set is there as a comment with its default: uncommented, the file must mean the same.
TEST_P(PrintConfigTest, DefaultsThatAreUncommentedChangeNothing) {
  const auto text = PrintConfig(GetParam(), KnownDevices());
  ASSERT_TRUE(text.ok()) << text.status();
  std::istringstream lines(*text);
  std::string uncommented;
  for (std::string line; std::getline(lines, line);) {
    const size_t hash = line.find("# ");
    const size_t colon = line.find(": ");
    const bool is_default =
        hash != std::string::npos && hash == line.find_first_not_of(' ') && colon != std::string::npos &&
        line.find(' ', hash + 2) == colon + 1 &&
        line.substr(hash + 2, colon - hash - 2).find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos &&
        line.find(' ', colon + 2) == std::string::npos;
    if (is_default) line.erase(hash, 2);
    absl::StrAppend(&uncommented, line, "\n");
  }
  EXPECT_NE(uncommented, *text);
  // Both without comments and with all defaults filled in.
  const auto plain = LoadSiteText(*text, "printed", KnownDevices());
  const auto full = LoadSiteText(uncommented, "uncommented", KnownDevices());
  ASSERT_TRUE(plain.ok()) << plain.status();
  // A site without a BMS refuses limits that need one, so those defaults cannot be written there.
  if (!full.ok() && !plain->battery.has_value()) {
    EXPECT_NE(full.status().message().find("needs a bms"), std::string::npos) << full.status();
    return;
  }
  ASSERT_TRUE(full.ok()) << full.status() << "\n" << uncommented;
  EXPECT_EQ(full->core.meter.averaging, plain->core.meter.averaging);
  EXPECT_EQ(full->core.battery.max_charge_current, plain->core.battery.max_charge_current);
  EXPECT_EQ(full->core.converters[0].max_discharge, plain->core.converters[0].max_discharge);
  EXPECT_EQ(full->core.converters[0].response.dead_time, plain->core.converters[0].response.dead_time);
  EXPECT_EQ(full->grpc_listen, plain->grpc_listen);
}

INSTANTIATE_TEST_SUITE_P(Sets, PrintConfigTest,
                         testing::Values("house", "lumentree+mqtt", "mqtt+lumentree", "lumentree+lumentree+mqtt",
                                         "lumentree+jk-bms+mqtt", "jk-bms+lumentree+mqtt", "lumentree+shelly-3em",
                                         "trucki+mqtt", "lumentree+trucki+mqtt", "meanwell-npb+lumentree+jk-bms+mqtt",
                                         "meanwell-bic+mqtt", "meanwell-npb+meanwell-npb+mqtt",
                                         "switched-charger+lumentree+mqtt"),
                         [](const auto& info) { return absl::StrCat("Set", info.index); });

// What holds for one site only says so, and nothing else does.
TEST(PrintConfig, SaysWhatIsYours) {
  const auto text = PrintConfig("meanwell-npb+lumentree+lumentree+jk-bms+mqtt", KnownDevices());
  ASSERT_TRUE(text.ok()) << text.status();
  std::vector<std::string> yours;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines >> std::ws, line);) {
    const size_t mark = line.find("  # yours");
    if (mark != std::string::npos) yours.push_back(line.substr(0, mark));
  }
  EXPECT_EQ(yours, (std::vector<std::string>{
                       "port: \"/dev/ttyUSB0\"", "port: \"/dev/ttyUSB9\"", "slcan_port: \"/dev/ttyACM0\"",
                       "host: \"192.168.1.10\"", "topic: \"tele/tasmota/SENSOR\"",
                       "json_path: \"StatusSNS.SML.Power_curr\"", "model: MODEL_600", "model: MODEL_600", "address: 2",
                       "cells: 8", "capacity_ah: 100"}))
      << *text;
}

TEST(PrintConfig, NumbersDevicesByWhatTheyAre) {
  const auto text = PrintConfig("meanwell-npb+lumentree+mqtt+trucki+meanwell-npb+meanwell-bic", KnownDevices());
  ASSERT_TRUE(text.ok()) << text.status();
  const auto site = LoadSiteText(*text, "printed", KnownDevices());
  ASSERT_TRUE(site.ok()) << site.status();
  const auto& converters = site->config.converter();
  ASSERT_EQ(converters.size(), 5);
  EXPECT_EQ(converters[0].name(), "charger");
  EXPECT_FALSE(converters[0].meanwell_npb().has_address());
  EXPECT_EQ(converters[1].name(), "inverter");
  EXPECT_FALSE(converters[1].lumentree().has_address());
  EXPECT_EQ(converters[2].name(), "inverter-2");
  EXPECT_EQ(converters[2].trucki().address(), 2u) << "on one line with the other inverter";
  EXPECT_EQ(converters[3].name(), "charger-2");
  EXPECT_EQ(converters[3].meanwell_npb().address(), 2u);
  EXPECT_EQ(converters[4].name(), "bic");
}

TEST(PrintConfig, NumbersAreOfALengthThatPeopleWrite) {
  for (const char* devices : {"meanwell-npb+lumentree+jk-bms+mqtt", "meanwell-bic+mqtt", "switched-charger+trucki+mqtt"}) {
    const auto text = PrintConfig(devices, KnownDevices());
    ASSERT_TRUE(text.ok()) << text.status();
    std::smatch number;
    EXPECT_FALSE(std::regex_search(*text, number, std::regex(": [0-9]+\\.[0-9]{4}"))) << number.str();
  }
}

TEST(PrintCommented, ShowsWhatFollowsFromOtherFieldsAndNoPassword) {
  const auto site = LoadSiteText(
      "bus { name: \"line\" port: \"tcp://adapter:502\" }\n"
      "meter { interval_s: 3 mqtt { broker { host: \"b\" user: \"u\" password: \"hunter2\" tls {} } topic: \"t\" } }\n"
      "converter { name: \"i\" lumentree { model: MODEL_2000 bus: \"line\" } }\n"
      "battery { cells: 16 capacity_ah: 280 }\n",
      "site", KnownDevices());
  ASSERT_TRUE(site.ok()) << site.status();
  const std::string text = PrintCommented(site->config, KnownDevices());
  for (const char* line : {"# port: 8883", "# averaging_s: 3", "# max_charge_current_a: 140", "# max_discharge_w: 2000",
                           "# min_discharge_w: 75", "# baud: 9600", "user: \"u\"", "# password:"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << " is not in\n" << text;
  }
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
}

struct Refused {
  const char* name;
  const char* devices;
  const char* reason;
};

class PrintConfigRefusalTest : public testing::TestWithParam<Refused> {};

TEST_P(PrintConfigRefusalTest, SaysWhy) {
  const auto text = PrintConfig(GetParam().devices, KnownDevices());
  EXPECT_EQ(text.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(text.status().message(), GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Sets, PrintConfigRefusalTest,
    testing::Values(Refused{"Unknown", "toaster",
                            "\"toaster\" is no known device; known: house, jk-bms, lumentree, meanwell-bic, "
                            "meanwell-npb, mqtt, shelly-3em, switched-charger, trucki"},
                    Refused{"Empty", "",
                            "\"\" is no known device; known: house, jk-bms, lumentree, meanwell-bic, meanwell-npb, "
                            "mqtt, shelly-3em, switched-charger, trucki"},
                    Refused{"NoMeter", "lumentree",
                            "lumentree makes no complete site: meter is missing: without one the grid's power is "
                            "unknown"},
                    Refused{"NoConverter", "mqtt",
                            "mqtt makes no complete site: converter is missing: at least one charger or inverter"},
                    Refused{"TwoMeters", "house+mqtt", "a site has one meter, and both house and mqtt bring one"}),
    [](const auto& info) { return info.param.name; });

TEST(Reference, PageIsCurrent) {
  EXPECT_EQ(ReadFile("docs/configuration.md"), PrintReference(KnownDevices()))
      << "run: abcdsd --tool config-reference > docs/configuration.md";
}

}  // namespace
}  // namespace abcds
