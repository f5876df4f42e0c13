#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "clients/device_report.h"
#include "clients/fake_daemon.h"
#include "clients/verbs.h"

namespace abcds {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct Result {
  int code = -1;
  std::string out;
  std::string err;
};

Result Device(std::vector<std::string> arguments, const std::string& address) {
  arguments.insert(arguments.begin(), "device");
  std::ostringstream out;
  std::ostringstream err;
  const int code = RunCommand(arguments, {.address = address, .out = out, .err = err});
  return {code, out.str(), err.str()};
}

// What each command line asks of the daemon.
struct RequestCase {
  const char* name;
  std::vector<std::string> arguments;
  const char* request;
};

class DeviceRequestTest : public testing::TestWithParam<RequestCase> {};

TEST_P(DeviceRequestTest, ReachesTheDaemon) {
  FakeDaemon daemon;
  const Result result = Device(GetParam().arguments, daemon.address());
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(daemon.requests(), ElementsAre(GetParam().request));
}

INSTANTIATE_TEST_SUITE_P(
    Verbs, DeviceRequestTest,
    testing::Values(
        RequestCase{"List", {"list"}, "ListDevices "},
        RequestCase{"ScanOfEverything", {"scan"}, "ScanDevices "},
        RequestCase{"ScanOfSome",
                    {"scan", "/dev/a", "--port", "/dev/b,tcp://c:502", "--type", "jk-bms", "--addresses", "3"},
                    "ScanDevices ports: \"/dev/a\" ports: \"/dev/b\" ports: \"tcp://c:502\" types: \"jk-bms\" "
                    "address_highest: 3"},
        RequestCase{"ProbeByName", {"probe", "inverter"}, "ProbeDevice target { name: \"inverter\" }"},
        RequestCase{"ProbeByPort",
                    {"probe", "lumentree", "--port", "/dev/a", "--baud", "9600", "--device-address", "2", "--set", "model=600"},
                    "ProbeDevice target { location { type: \"lumentree\" port: \"/dev/a\" baud: 9600 address: 2 "
                    "settings { key: \"model\" value: \"600\" } } }"},
        RequestCase{"ProbeByHost",
                    {"probe", "shelly-3em", "--host", "10.0.0.7:8080"},
                    "ProbeDevice target { location { type: \"shelly-3em\" host: \"10.0.0.7\" network_port: 8080 } }"},
        RequestCase{"ProbeForSoLong",
                    {"probe", "shelly-3em", "--host", "a", "--timeout", "2500ms"},
                    "ProbeDevice target { location { type: \"shelly-3em\" host: \"a\" } } limit { seconds: 2 nanos: "
                    "500000000 }"},
        RequestCase{"ReadForSoLong",
                    {"read", "jk-bms", "--port", "/dev/a", "--timeout", "3s"},
                    "ReadDevice target { location { type: \"jk-bms\" port: \"/dev/a\" } } limit { seconds: 3 }"},
        RequestCase{"NamedDeviceIsNotWaitedFor",
                    {"probe", "inverter", "--timeout", "3s"},
                    "ProbeDevice target { name: \"inverter\" }"},
        RequestCase{"ProbeByBareIpv6Host",
                    {"probe", "shelly-3em", "--host", "fe80::1"},
                    "ProbeDevice target { location { type: \"shelly-3em\" host: \"fe80::1\" } }"},
        RequestCase{"ReadAll", {"read", "inverter"}, "ReadDevice target { name: \"inverter\" }"},
        RequestCase{"ReadOne", {"read", "inverter", "ac_power_w"}, "ReadDevice target { name: \"inverter\" }"},
        RequestCase{"ReadRegisters",
                    {"read", "lumentree", "register", "107", "--count", "2", "--port", "/dev/a"},
                    "ReadDevice target { location { type: \"lumentree\" port: \"/dev/a\" } } registers { first: 107 "
                    "count: 2 }"},
        RequestCase{"WriteHoldsForTenSeconds",
                    {"write", "lumentree", "power_w", "-0.1kW", "--port", "/dev/a", "--yes"},
                    "WriteDevice target { location { type: \"lumentree\" port: \"/dev/a\" } } value_name: \"power_w\" "
                    "value: -100 hold { seconds: 10 }"},
        RequestCase{"WriteKeeps",
                    {"write", "lumentree", "power_w", "-100W", "--port", "/dev/a", "--for", "keep", "--yes"},
                    "WriteDevice target { location { type: \"lumentree\" port: \"/dev/a\" } } value_name: \"power_w\" "
                    "value: -100 keep: true"}),
    [](const auto& info) { return info.param.name; });

// Command lines that make no sense: no daemon is asked.
struct UsageCase {
  const char* name;
  std::vector<std::string> arguments;
  const char* sentence;
};

class DeviceUsageTest : public testing::TestWithParam<UsageCase> {};

TEST_P(DeviceUsageTest, IsExplained) {
  FakeDaemon daemon;
  const Result result = Device(GetParam().arguments, daemon.address());
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr(GetParam().sentence));
  EXPECT_THAT(daemon.requests(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Verbs, DeviceUsageTest,
    testing::Values(
        UsageCase{"NoAction", {}, "something is missing"},
        UsageCase{"MistypedAction", {"prob"}, "did you mean probe?"},
        UsageCase{"ProbeOfNothing", {"probe"}, "probe wants one device"},
        UsageCase{"BaudWithoutPort", {"probe", "inverter", "--baud", "9600"}, "--baud needs --port or --host"},
        UsageCase{"BadBaud", {"probe", "lumentree", "--port", "a", "--baud", "fast"}, "--baud \"fast\" is no number"},
        UsageCase{"BadHost", {"probe", "mqtt", "--host", "a:b"}, "is no HOST or HOST:PORT"},
        UsageCase{"BadSetting", {"probe", "mqtt", "--host", "a", "--set", "topic"}, "is no KEY=VALUE"},
        UsageCase{"BadRegister", {"read", "lumentree", "register", "x", "--port", "a"}, "register wants a number"},
        UsageCase{"RegisterWithoutNumber", {"read", "lumentree", "register"}, "register wants a number"},
        UsageCase{"TooManyRegisters",
                  {"read", "lumentree", "register", "1", "--count", "33", "--port", "a"},
                  "no number up to 32"},
        UsageCase{"WriteWithoutValue", {"write", "lumentree", "power_w"}, "write wants a device"},
        UsageCase{"BadPower", {"write", "lumentree", "power_w", "much", "--port", "a"}, "is not a power"},
        UsageCase{"BadHold", {"write", "lumentree", "power_w", "-5W", "--port", "a", "--for", "ever"}, "length of time"},
        UsageCase{"WriteWithoutAnybodyToAsk", {"write", "lumentree", "power_w", "-100W", "--port", "a"}, "give --yes"}),
    [](const auto& info) { return info.param.name; });

TEST(DeviceVerbsTest, ListShowsStateCountersAndTrouble) {
  FakeDaemon daemon;
  const std::string out = Device({"list"}, daemon.address()).out;
  EXPECT_THAT(out, StartsWith("inverter: converter lumentree, active, newest value 0.2 s old\n"));
  EXPECT_THAT(out, HasSubstr("bus timeouts 3"));
  EXPECT_THAT(out, Not(HasSubstr("exceptions"))) << "what never happened";
  EXPECT_THAT(out, HasSubstr("it is hot"));
  const std::string types = Device({"list", "--types"}, daemon.address()).out;
  EXPECT_THAT(types, HasSubstr("lumentree         converter; serial line at 9600 baud\n"));
  EXPECT_THAT(types, HasSubstr("switched-charger  converter; "));
}

TEST(DeviceVerbsTest, ReadingsHaveUnitsAndCellsOneLine) {
  FakeDaemon daemon;
  const std::string out = Device({"probe", "inverter"}, daemon.address()).out;
  EXPECT_THAT(out, HasSubstr("ac power                  -347.8 W\n"));
  EXPECT_THAT(out, HasSubstr("temperature               31.9 °C\n"));
  EXPECT_THAT(out, HasSubstr("cells                     3.312 3.300 V\n"));
  EXPECT_THAT(out, HasSubstr("discharge power max       600 W\n"));
}

TEST(DeviceVerbsTest, OneReadingIsForScripts) {
  FakeDaemon daemon;
  EXPECT_EQ(Device({"read", "inverter", "ac_power_w"}, daemon.address()).out, "-347.8 W\n");
  const Result unknown = Device({"read", "inverter", "ac_powr_w"}, daemon.address());
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean ac_power_w?"));
  EXPECT_EQ(Device({"read", "lumentree", "register", "107", "--port", "a"}, daemon.address()).out,
            "register 107 = 3478 (0x0D96)\n");
}

TEST(DeviceVerbsTest, ScanEndsWithASumAndJsonIsOneEventALine) {
  FakeDaemon daemon;
  const std::string out = Device({"scan"}, daemon.address()).out;
  EXPECT_THAT(out, HasSubstr("    bus {\n      name: \"line\"\n    }\n"));
  EXPECT_THAT(out, HasSubstr("/dev/ttyUSB0: one device\n"));
  EXPECT_THAT(out, HasSubstr("1 device found on 1 port.\n"));
  const std::string json = Device({"scan", "--json"}, daemon.address()).out;
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 3);
}

TEST(DeviceVerbsTest, RefusalsAreOneAndUnverifiedIsNoSuccess) {
  FakeDaemon daemon;
  EXPECT_EQ(Device({"write", "lumentree", "power_w", "-33W", "--port", "a", "--yes"}, daemon.address()).code, 1);
  daemon.RefuseWith({grpc::StatusCode::UNAVAILABLE, "no answer from unit 1. Is it on?"});
  const Result result = Device({"probe", "lumentree", "--port", "a"}, daemon.address());
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.err, "abcdsctl: no answer from unit 1. Is it on?\n");
}

// Without a daemon: its binary, which here is a script.
class DirectTest : public testing::Test {
 protected:
  DirectTest() : program_(testing::TempDir() + "/abcdsd-script") {}

  Result Run(const std::string& script, std::vector<std::string> arguments) {
    std::ofstream(program_) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(program_, std::filesystem::perms::owner_all);
    arguments.insert(arguments.end(), {"--abcdsd", program_});
    return Device(arguments, "127.0.0.1:1");
  }

  const std::string program_;
};

TEST_F(DirectTest, AsksTheBinary) {
  const Result result = Run("echo \"$@\" >&2; echo '{\"report\":{\"type\":\"jk-bms\",\"connection\":\"/dev/a\"}}'; exit 0",
                            {"probe", "jk-bms", "--port", "/dev/a"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "jk-bms at /dev/a\n");
}

TEST_F(DirectTest, HandsTheRequestOver) {
  const Result result = Run("test \"$1 $2 $3\" = '--tool device ScanDevices' && echo \"$4\" | grep -q /dev/a || exit 1\n"
                            "echo '{\"port\":{\"port\":\"/dev/a\",\"text\":\"silence\"}}'",
                            {"scan", "/dev/a"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("/dev/a: silence\n"));
}

struct PortCase {
  const char* name;
  const char* result;
  std::vector<std::string> words;
  int code;
};

class ScannedPortTest : public DirectTest, public testing::WithParamInterface<PortCase> {};

// With --json as well: a script has nothing else than that.
TEST_P(ScannedPortTest, NamedOneThatCannotBeOpenedIsNoSuccess) {
  const std::string script =
      std::string("echo '{\"port\":{\"port\":\"/dev/a\",\"result\":\"") + GetParam().result + "\"}}'";
  EXPECT_EQ(Run(script, GetParam().words).code, GetParam().code);
  std::vector<std::string> words = GetParam().words;
  words.push_back("--json");
  EXPECT_EQ(Run(script, words).code, GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(Ports, ScannedPortTest,
                         testing::Values(PortCase{"Missing", "RESULT_CANNOT_OPEN", {"scan", "/dev/a"}, 1},
                                         PortCase{"MissingByOption", "RESULT_CANNOT_OPEN", {"scan", "--port", "/dev/a"}, 1},
                                         PortCase{"Taken", "RESULT_IN_USE", {"scan", "/dev/a"}, 0},
                                         PortCase{"Silent", "RESULT_SILENT", {"scan", "/dev/a"}, 0},
                                         PortCase{"MissingAmongAll", "RESULT_CANNOT_OPEN", {"scan"}, 0}),
                         [](const auto& info) { return info.param.name; });

TEST_F(DirectTest, ItsRefusalIsOurs) {
  const Result result = Run("echo 'it is another device' >&2; exit 1", {"probe", "jk-bms", "--port", "/dev/a"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.err, "abcdsctl: it is another device\n");
}

TEST_F(DirectTest, NonsenseOfItIsNoAnswer) {
  EXPECT_EQ(Run("echo nonsense", {"probe", "jk-bms", "--port", "/dev/a"}).code, 1);
}

TEST_F(DirectTest, NamesNeedTheDaemon) {
  for (const char* const verb : {"probe", "read"}) {
    const Result result = Run("exit 0", {verb, "inverter"});
    EXPECT_EQ(result.code, 3);
    EXPECT_THAT(result.err, HasSubstr("is not known by its name"));
  }
  EXPECT_EQ(Run("exit 0", {"list"}).code, 3);
}

struct ValueCase {
  const char* name;
  double value;
  const char* text;
};

TEST(ValueTextTest, NamesEndInTheirUnit) {
  for (const ValueCase& row : {ValueCase{"dc_voltage_v", 52.3, "dc voltage: 52.3 V"}, {"soc_percent", 63, "soc: 63 %"},
                               {"charged_total_ah", 4510, "charged total: 4510 Ah"}, {"running_time_min", 5, "running time: 5 min"},
                               {"cycles", 41, "cycles: 41"}, {"energy_wh", 0.0001, "energy: 0 Wh"}, {"ac_power_w", -0.0001, "ac power: 0 W"}}) {
    const NamedValue text = ValueText(row.name, row.value);
    EXPECT_EQ(absl::StrCat(text.name, ": ", text.value), row.text);
  }
}

}  // namespace
}  // namespace abcds
