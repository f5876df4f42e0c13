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

INSTANTIATE_TEST_SUITE_P(
    Meanwell, RunToolTest,
    testing::Values(Case{"SlcanAsItIsOnTheWire",
                         {"decode", "meanwell-npb"},
                         "T000C010226000\rz\rT000C0002460007714\r",
                         0,
                         "{\"device\":\"meanwell-npb\",\"kind\":\"converter\",\"values\":{\"dc_voltage_v\":52.39,"
                         "\"log\":[\"read READ_VOUT\",\"READ_VOUT 52.39 V\"],\"unit\":\"02\"}}\n",
                         ""},
                    Case{"TwoFramesTakenApartByTheShell",
                         {"decode", "meanwell-npb", "000C0102", "[2]", "60", "00", "000C0002", "[4]", "60", "00", "77",
                          "14"},
                         "",
                         0,
                         "{\"device\":\"meanwell-npb\",\"kind\":\"converter\",\"values\":{\"dc_voltage_v\":52.39,"
                         "\"log\":[\"read READ_VOUT\",\"READ_VOUT 52.39 V\"],\"unit\":\"02\"}}\n",
                         ""},
                    Case{"LoneUnknownAnswer",
                         {"decode", "meanwell-npb", "000C0002#70000100"},
                         "",
                         1,
                         "",
                         "has a command that this device does not know"}),
    [](const auto& info) { return std::string(info.param.name); });

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
        Case{"RequestAndReplyAsTheLineShowsThem",
             {"decode", "lumentree", "01 03 00 6B 00 01 F5 D6", "01 03 02 0D 96 3C BA"},
             "",
             0,
             "{\"device\":\"lumentree\",\"kind\":\"converter\",\"values\":{\"power_w\":-347.8}}\n",
             ""},
        Case{"EchoInFront",
             {"decode", "lumentree", "--request", "0103006B0001F5D6", "0103006B0001F5D6 0103020D963CBA"},
             "",
             0,
             "{\"device\":\"lumentree\",\"kind\":\"converter\",\"values\":{\"power_w\":-347.8}}\n",
             ""},
        Case{"BytesAsALoggerWritesThem",
             {"decode", "lumentree", "--request", "[0x01, 0x03, 0x00, 0x6B, 0x00, 0x01, 0xF5, 0xD6]",
              "01.03.02.0D.96.3C.BA"},
             "",
             0,
             "{\"device\":\"lumentree\",\"kind\":\"converter\",\"values\":{\"power_w\":-347.8}}\n",
             ""},
        Case{"TakenApartByTheShell",
             {"decode", "lumentree", "--request", "0103006B0001F5D6", "01", "03", "02", "0D", "96", "3C", "BA"},
             "",
             0,
             "{\"device\":\"lumentree\",\"kind\":\"converter\",\"values\":{\"power_w\":-347.8}}\n",
             ""},
        Case{"Truncated",
             {"decode", "lumentree", "--request", "0103006B0001F5D6", "01 03 02 0D 96 3C"},
             "",
             1,
             "",
             "6 bytes are there, and by what it says of itself 7 are needed"},
        Case{"HalfAByteInAPiece",
             {"decode", "lumentree", "01", "2"},
             "",
             1,
             "",
             "piece 2: not hexadecimal at character 1"},
        Case{"Setting", {"decode", "lumentree", "--set", "phase=2", "01"}, "", 1, "", "no setting \"phase\""}),
    [](const auto& info) { return info.param.name; });

const char kShellyBody[] =
    R"({"unixtime":0,"emeters":[{"power":402.11,"voltage":234.2,"is_valid":true},{"power":-977.65,"is_valid":true},)"
    R"({"power":88.04,"is_valid":true}],"total_power":-487.5,"emeter_n":{"is_valid":false}})";

INSTANTIATE_TEST_SUITE_P(
    Shelly, RunToolTest,
    testing::Values(
        Case{"Body",
             {"decode", "shelly-3em"},
             kShellyBody,
             0,
             "{\"device\":\"shelly-3em\",\"kind\":\"meter\",\"values\":{\"l1_power_w\":402.11,"
             "\"l1_voltage_v\":234.2,\"l2_power_w\":-977.65,\"l3_power_w\":88.04,\"power_w\":-487.5}}\n",
             ""},
        Case{"Clamp",
             {"decode", "shelly-3em"},
             R"({"power":-977.65,"pf":-0.98,"current":4.24,"voltage":235.02,"is_valid":true})",
             0,
             "{\"device\":\"shelly-3em\",\"kind\":\"meter\",\"values\":{\"current_a\":4.24,\"power_w\":-977.65,"
             "\"voltage_v\":235.02}}\n",
             ""},
        Case{"ClampWithoutValue", {"decode", "shelly-3em"}, R"({"power":0,"voltage":235,"is_valid":false})", 1, "",
             "no valid measurement"},
        Case{"Phase", {"decode", "shelly-3em"}, R"({"emeters":[{"power":1}]})", 1, "", "the Shelly 3EM has 3"},
        Case{"Truncated", {"decode", "shelly-3em"}, R"({"emeters":[)", 1, "", "complete JSON document, from byte 12 on"},
        Case{"Page", {"decode", "shelly-3em"}, "<html>", 1, "", "web page"},
        Case{"Text", {"decode", "shelly-3em"}, "401 Unauthorized", 1, "", "it begins \"401 Unauthorized\""},
        Case{"Generation2", {"decode", "shelly-3em"}, R"({"total_act_power":-521.137})", 1, "", "generation 2"},
        Case{"Setting", {"decode", "shelly-3em", "--set", "scale=1"}, "", 1, "", "no setting \"scale\""},
        Case{"Flag", {"decode", "shelly-3em", "--set", "invert=1"}, "", 1, "", "true or false"},
        Case{"Frame", {"decode", "shelly-3em", "01 02"}, "", 1, "", "standard input"}),
    [](const auto& info) { return info.param.name; });

// Replies constructed by hand from the protocol's description, their sums verified independently.
constexpr char kJkEightCells[] =
    "4E 57 01 09 00 00 00 00 06 00 01 79 18 01 0C EF 02 0C ED 03 0C F0 04 0C EC 05 0C EE 06 0C F1 07 "
    "0C EB 08 0C EE 80 00 18 81 00 11 82 00 69 83 0A 58 84 06 C6 85 3F 86 02 87 00 29 89 00 00 11 9E "
    "8A 00 08 8B 02 00 8C 00 02 8E 0B 68 8F 08 20 90 0E 42 91 0D DE 92 00 06 93 0A 5A 94 0A FA 95 00 "
    "07 96 01 90 97 00 6E 98 00 19 99 00 41 9A 00 23 9B 0D 16 9C 00 0C 9D 01 9E 00 5C 9F 00 4D A0 00 "
    "52 A1 00 47 A2 00 0F A3 00 36 A4 00 3A A5 00 01 A6 00 04 A7 FF ED A8 FF F2 A9 08 AA 00 00 00 E6 "
    "AB 01 AC 01 AD 03 DB AE 03 AF 00 B0 00 15 B1 0C B2 38 36 34 32 30 39 00 00 00 00 B3 00 B4 53 49 "
    "4D 50 41 43 4B 31 B5 32 35 30 35 B6 00 01 E2 40 B7 31 32 2E 53 49 4D 5F 53 31 32 2E 30 31 5F 5F "
    "B8 00 B9 00 00 00 E2 BA 53 49 4D 55 4C 41 54 45 44 00 50 41 43 4B 00 45 49 47 48 54 43 45 4C 4C "
    "C0 01 00 00 00 07 68 00 00 4D 71";
constexpr char kJkFourCells[] =
    "4E 57 00 DB 00 00 00 00 06 00 01 79 0C 01 0C D7 02 0C DB 03 0C DA 04 0C D8 80 00 09 81 00 83 82 "
    "00 64 83 05 23 84 2A 62 85 26 86 02 87 00 29 89 00 00 11 9E 8A 00 04 8B 00 01 8C 00 0B 8E 05 B4 "
    "8F 04 10 90 0E 42 91 0D DE 92 00 06 93 0A 5A 94 0A FA 95 00 07 96 01 90 97 00 6E 98 00 19 99 00 "
    "41 9A 00 23 9B 0D 16 9C 00 0C 9D 01 9E 00 5C 9F 00 4D A0 00 52 A1 00 47 A2 00 0F A3 00 36 A4 00 "
    "3A A5 00 01 A6 00 04 A7 FF ED A8 FF F2 A9 04 AA 00 00 00 E6 AB 01 AC 01 AD 03 DB AE 03 AF 00 B0 "
    "00 15 B1 0C B2 38 36 34 32 30 39 00 00 00 00 B3 00 B4 53 49 4D 50 41 43 4B 31 B5 32 35 30 35 B6 "
    "00 01 E2 40 B7 31 32 2E 53 49 4D 5F 53 31 32 2E 30 31 5F 5F 00 00 00 00 68 00 00 3F B0";

std::string WithoutItsEnd(const std::string& hex) { return hex.substr(0, hex.size() - 9); }
std::string WithACellNumberFlipped(std::string hex) { return hex.replace(3 * 13, 2, "41"); }

INSTANTIATE_TEST_SUITE_P(
    JkBms, RunToolTest,
    testing::Values(
        Case{"EightCells",
             {"decode", "jk-bms", kJkEightCells},
             "",
             0,
             "{\"device\":\"jk-bms\",\"kind\":\"battery\",\"values\":{\"address\":3.0,\"balancing\":false,"
             "\"battery_temperature_c\":-5.0,\"box_temperature_c\":17.0,\"capacity_ah\":230.0,"
             "\"cell_count\":8.0,\"cell_overvoltage_v\":3.65,\"cell_undervoltage_v\":2.65,"
             "\"cell_voltages_v\":[3.311,3.309,3.312,3.308,3.31,3.313,3.307,3.31],\"charge_allowed\":false,"
             "\"charge_overcurrent_a\":65.0,\"charge_switch_on\":false,\"charged_total_ah\":4510.0,"
             "\"current_a\":-17.34,\"cycles\":41.0,\"device_id\":\"SIMPACK1\",\"discharge_allowed\":true,"
             "\"discharge_overcurrent_a\":110.0,\"discharge_switch_on\":true,\"fet_temperature_c\":24.0,"
             "\"manufacturer_id\":\"SIMULATED PACK EIGHTCELL\",\"pack_voltage_v\":26.48,\"power_w\":-459.2,"
             "\"protocol_version\":1.0,\"real_capacity_ah\":226.0,\"running_time_min\":123456.0,"
             "\"soc_percent\":63.0,\"software_version\":\"12.SIM_S12.01\",\"temperature_sensors\":2.0,"
             "\"temperatures_c\":[24.0,17.0,-5.0],\"warning_bits\":512.0,"
             "\"warnings\":[\"battery low temperature\"]}}\n",
             ""},
        Case{"FourCellsWithoutAVersion",
             {"decode", "jk-bms", kJkFourCells},
             "",
             0,
             "{\"device\":\"jk-bms\",\"kind\":\"battery\",\"values\":{\"address\":3.0,\"balancing\":false,"
             "\"battery_temperature_c\":0.0,\"box_temperature_c\":-31.0,\"capacity_ah\":230.0,"
             "\"cell_count\":4.0,\"cell_overvoltage_v\":3.65,\"cell_undervoltage_v\":2.65,"
             "\"cell_voltages_v\":[3.287,3.291,3.29,3.288],\"charge_allowed\":true,"
             "\"charge_overcurrent_a\":65.0,\"charge_switch_on\":true,\"charged_total_ah\":4510.0,"
             "\"current_a\":-8.5,\"cycles\":41.0,\"device_id\":\"SIMPACK1\",\"discharge_allowed\":true,"
             "\"discharge_overcurrent_a\":110.0,\"discharge_switch_on\":true,\"fet_temperature_c\":9.0,"
             "\"pack_voltage_v\":13.15,\"power_w\":-111.8,\"running_time_min\":123456.0,\"soc_percent\":38.0,"
             "\"software_version\":\"12.SIM_S12.01\",\"temperature_sensors\":2.0,\"temperatures_c\":[9.0,"
             "-31.0,0.0],\"warning_bits\":1.0,\"warnings\":[\"low capacity\"]}}\n",
             ""},
        Case{"FlippedBit", {"decode", "jk-bms", WithACellNumberFlipped(kJkEightCells)}, "", 1, "", "wrong checksum"},
        Case{"CutOff", {"decode", "jk-bms", WithoutItsEnd(kJkEightCells)}, "", 1, "", "is cut off"},
        Case{"TooLong", {"decode", "jk-bms", std::string(kJkEightCells) + " 00"}, "", 1, "", "more bytes"},
        Case{"RequestOnly",
             {"decode", "jk-bms", "4E 57 00 13 00 00 00 00 06 03 00 00 00 00 00 00 68 00 00 01 29"},
             "",
             1,
             "",
             "is a request"},
        Case{"NotAFrame", {"decode", "jk-bms", "01 03 02 0D 96 3C BA"}, "", 1, "", "no frame begins with 4E 57"},
        Case{"NoFrame", {"decode", "jk-bms"}, "", 1, "", "reply in hexadecimal"},
        Case{"UnknownSetting", {"decode", "jk-bms", "--set", "phase=1", "01"}, "", 1, "", "no setting \"phase\""}),
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
    Trucki, RunToolTest,
    testing::Values(
        Case{"AllRegisters",
             {"decode", "trucki", "--request", "03 03 00 00 00 08 45 EE",
              "03 03 10 10 68 10 5B 09 07 02 0B 3B 6A 00 00 10 68 00 26 6B FD"},
             "",
             0,
             "{\"device\":\"trucki\",\"kind\":\"converter\",\"values\":{\"ac_voltage_v\":231.1,"
             "\"calibration_step\":0.0,\"dac\":15210.0,\"dc_voltage_v\":52.3,\"power_w\":-418.7,\"setpoint_mirror_w\":"
             "-420.0,\"setpoint_w\":-420.0,\"temperature_c\":38.0}}\n",
             ""},
        Case{"Acknowledgement",
             {"decode", "trucki", "03 06 00 00 10 68 84 06"},
             "",
             0,
             "{\"device\":\"trucki\",\"kind\":\"converter\",\"values\":{\"setpoint_w\":-420.0}}\n",
             ""},
        Case{"WrongChecksum", {"decode", "trucki", "03 06 00 00 10 68 84 07"}, "", 1, "", "checksum"},
        Case{"Setting", {"decode", "trucki", "--set", "a=b", "01"}, "", 1, "", "trucki has no setting \"a\""},
        Case{"TwoBytes", {"decode", "trucki", "01", "02"}, "", 1, "", "5 is the least"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    SwitchedCharger, RunToolTest,
    testing::Values(
        Case{"Gen2",
             {"decode", "switched-charger", "--set", "kind=shelly_gen2"},
             R"({"id":0,"source":"HTTP_in","output":true,"apower":412.3,"voltage":231.0,"temperature":{"tC":41.0}})",
             0,
             "{\"device\":\"switched-charger\",\"kind\":\"converter\",\"values\":{\"ac_voltage_v\":231.0,\"power_w\":"
             "412.3,"
             "\"relay_on\":1.0,\"temperature_c\":41.0}}\n",
             ""},
        Case{"TasmotasMeter",
             {"decode", "switched-charger"},
             R"({"StatusSNS":{"Time":"x","ENERGY":{"Power":123}}})",
             0,
             "{\"device\":\"switched-charger\",\"kind\":\"converter\",\"values\":{\"power_w\":123.0}}\n",
             ""},
        Case{"AnotherRelay",
             {"decode", "switched-charger", "--set", "relay=2"},
             R"({"POWER":"ON"})",
             1,
             "",
             "it is not what a Tasmota says about relay 2"},
        Case{"Setting", {"decode", "switched-charger", "--set", "kind=hue"}, "{}", 1, "", "does not know kind=hue"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Usage, RunToolTest,
    testing::Values(
        Case{"NoVerb", {}, "", 2, "", "usage: abcdsd --tool"},
        Case{"UnknownVerb", {"encode"}, "", 2, "", "unknown verb \"encode\""},
        Case{"NoDevice",
             {"decode"},
             "",
             2,
             "",
             "decode wants a device: jk-bms, lumentree, meanwell-bic, meanwell-npb, mqtt, shelly-3em, "
             "switched-charger, trucki"},
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
             "\"toaster\" is no known device; known: house, jk-bms, lumentree, meanwell-bic, meanwell-npb, mqtt, "
             "shelly-3em, switched-charger, trucki"},
        Case{
            "List",
            {"decode", "--list"},
            "",
            0,
            "jk-bms [--set below_zero_one_lower=true] HEX…    a reply to \"read all\", whole; pieces are put together\n"
            "lumentree [--request HEX] HEX…    a reply, with its CRC; a read's needs its request, as --request or in "
            "front\n"
            "meanwell-bic [--set unit=HEX] FRAME…    ID#DATA, or lines of candump, SLCAN or python-can; none: from "
            "standard input\n"
            "meanwell-npb [--set unit=HEX] FRAME…    ID#DATA, or lines of candump, SLCAN or python-can; none: from "
            "standard input\n"
            "mqtt [--set json_path=PATH] [--set scale=N] [--set strip_unit=true] [--set invert=true] < "
            "PAYLOAD\n"
            "shelly-3em [--set invert=true] < BODY of /status, or of one /emeter/N\n"
            "switched-charger [--set kind=tasmota|shelly_gen1|shelly_gen2] [--set relay=N] < BODY of a look at the "
            "relay, or "
            "of Status 10\n"
            "trucki [--request HEX] HEX…    a reply, with its CRC; a read's needs its request, as --request or in "
            "front; or a "
            "status telegram\n",
            ""}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace abcds
