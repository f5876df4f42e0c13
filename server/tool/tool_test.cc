#include "server/tool/tool.h"

#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace abcds {
namespace {

struct Case {
  const char* name;
  std::vector<std::string> arguments;
  const char* in;
  int status;
  const char* out;  // all of it
  const char* err;  // a part of it
};

class RunToolTest : public testing::TestWithParam<Case> {};

TEST_P(RunToolTest, Answers) {
  const Case& test = GetParam();
  std::istringstream in(test.in);
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(RunTool(test.arguments, in, out, err), test.status) << err.str();
  EXPECT_EQ(out.str(), test.out);
  EXPECT_NE(err.str().find(test.err), std::string::npos) << err.str();
  EXPECT_EQ(err.str().empty(), test.status == 0) << err.str();
  if (test.status == 1) {
    EXPECT_EQ(err.str().find('\n'), err.str().size() - 1) << "one sentence: " << err.str();
  }
}

// Frames: constructed by hand from the Modbus specification, their checksums verified independently.
INSTANTIATE_TEST_SUITE_P(
    Lumentree, RunToolTest,
    testing::Values(
        Case{"AcPower",
             {"decode", "lumentree", "--request", "01 03 00 6B 00 01 F5 D6", "01 03 02 0D 96 3C BA"},
             "",
             0,
             "{\"device\":\"lumentree\",\"kind\":\"converter\",\"values\":{\"power_w\":-347.8}}\n",
             ""},
        Case{"DcVoltage",
             {"decode", "lumentree", "--request=0103006D000115D7", "010302020BF8E3"},
             "",
             0,
             "{\"device\":\"lumentree\",\"kind\":\"converter\",\"values\":{\"dc_voltage_v\":52.3}}\n",
             ""},
        Case{"AcVoltage",
             {"decode", "lumentree", "--request", "010300460001 65DF", "01:03:02:09:0D:7F:D1"},
             "",
             0,
             "{\"device\":\"lumentree\",\"kind\":\"converter\",\"values\":{\"ac_voltage_v\":231.7}}\n",
             ""},
        Case{"Temperature",
             {"decode", "lumentree", "--request", "01 03 00 5E 00 01 E5 D8", "01 03 02 01 3f f9 c4"},
             "",
             0,
             "{\"device\":\"lumentree\",\"kind\":\"converter\",\"values\":{\"temperature_c\":31.9}}\n",
             ""},
        Case{"BadChecksum",
             {"decode", "lumentree", "--request", "01 03 00 6B 00 01 F5 D6", "01 03 02 0D 96 3C BB"},
             "",
             1,
             "",
             ""},
        Case{"ReadReplyWithoutItsRequest", {"decode", "lumentree", "01 03 02 0D 96 3C BA"}, "", 1, "", "request"},
        Case{"Exception",
             {"decode", "lumentree", "--request", "01 03 00 6B 00 01 F5 D6", "01 83 02 C0 F1"},
             "",
             1,
             "",
             "illegal data address"},
        Case{"NotHexadecimal", {"decode", "lumentree", "01 0G"}, "", 1, "", "not hexadecimal at character 4"},
        Case{"HalfAByte", {"decode", "lumentree", "01 0"}, "", 1, "", "not hexadecimal at character 4"},
        Case{"NoFrame", {"decode", "lumentree"}, "", 1, "", "one frame"},
        Case{"TwoFrames", {"decode", "lumentree", "01", "02"}, "", 1, "", "one frame"},
        Case{"Setting", {"decode", "lumentree", "--set", "phase=2", "01"}, "", 1, "", "no setting \"phase\""}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Mqtt, RunToolTest,
    testing::Values(Case{"PlainNumber",
                         {"decode", "mqtt"},
                         " -412.7 \r\n",
                         0,
                         "{\"device\":\"mqtt\",\"kind\":\"meter\",\"values\":{\"power_w\":-412.7}}\n",
                         ""},
                    Case{"JsonPathInKilowattsInverted",
                         {"decode", "mqtt", "--set", "json_path=a.b[1]", "--set", "scale=1000", "--set", "invert=true"},
                         R"({"a":{"b":[1,0.25]}})",
                         0,
                         "{\"device\":\"mqtt\",\"kind\":\"meter\",\"values\":{\"power_w\":-250.0}}\n",
                         ""},
                    Case{"Unit",
                         {"decode", "mqtt", "--set", "strip_unit=true"},
                         "412 W",
                         0,
                         "{\"device\":\"mqtt\",\"kind\":\"meter\",\"values\":{\"power_w\":412.0}}\n",
                         ""},
                    Case{"NotANumber", {"decode", "mqtt"}, "nan", 1, "", "no value"},
                    Case{"Empty", {"decode", "mqtt"}, "", 1, "", "empty"},
                    Case{"DecimalComma", {"decode", "mqtt"}, "1,5", 1, "", "decimal comma"},
                    Case{"Implausible", {"decode", "mqtt"}, "1e9", 1, "", "plausible"},
                    Case{"BadPath", {"decode", "mqtt", "--set", "json_path=a["}, "1", 1, "", "json_path"},
                    Case{"BadScale", {"decode", "mqtt", "--set", "scale=big"}, "1", 1, "", "scale must be a number"},
                    Case{
                        "BadFlag", {"decode", "mqtt", "--set", "invert=1"}, "1", 1, "", "invert must be true or false"},
                    Case{"UnknownSetting", {"decode", "mqtt", "--set", "index=1"}, "1", 1, "", "no setting \"index\""},
                    Case{"Frame", {"decode", "mqtt", "01 02"}, "1", 1, "", "standard input"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Usage, RunToolTest,
    testing::Values(Case{"NoVerb", {}, "", 2, "", "usage: abcdsd --tool"},
                    Case{"UnknownVerb", {"encode"}, "", 2, "", "unknown verb \"encode\""},
                    Case{"NoDevice", {"decode"}, "", 2, "", "decode wants a device: lumentree, mqtt"},
                    Case{"UnknownDevice", {"decode", "toaster"}, "", 2, "", "no device \"toaster\""},
                    Case{"DeviceWithoutFrames", {"decode", "house"}, "", 2, "", "no device \"house\""},
                    Case{"UnknownOption", {"decode", "mqtt", "--verbose"}, "", 2, "", "unknown option --verbose"},
                    Case{"RequestWithoutValue", {"decode", "mqtt", "--request"}, "", 2, "", "--request wants a value"},
                    Case{"SetWithoutValue", {"decode", "mqtt", "--set", "scale"}, "", 2, "", "KEY=VALUE"},
                    Case{"CheckWithoutFile", {"config-check"}, "", 2, "", "one file"},
                    Case{"CheckOfNothing",
                         {"config-check", "/nonexistent/abcds.textproto"},
                         "",
                         1,
                         "",
                         "/nonexistent/abcds.textproto: cannot be read: No such file or directory"},
                    Case{"CheckOfAFolder", {"config-check", "/"}, "", 1, "", "/: cannot be read: Is a directory"},
                    Case{"PrintWithoutNames", {"config-print"}, "", 2, "", "device names"},
                    Case{"PrintUnknown",
                         {"config-print", "toaster+mqtt"},
                         "",
                         1,
                         "",
                         "\"toaster\" is no known device; known: house, lumentree, mqtt"},
                    Case{"List",
                         {"decode", "--list"},
                         "",
                         0,
                         "lumentree [--request HEX] HEX    a reply, with its CRC; a read's needs its request\n"
                         "mqtt [--set json_path=PATH] [--set scale=N] [--set strip_unit=true] [--set invert=true] < "
                         "PAYLOAD\n",
                         ""}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace abcds
