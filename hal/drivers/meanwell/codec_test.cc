// Frames and values of Mean Well's protocol, against frames worked out by hand from the manuals.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "hal/drivers/meanwell/frame.h"
#include "hal/drivers/meanwell/frame_text.h"
#include "hal/drivers/meanwell/model.h"
#include "hal/drivers/meanwell/values.h"

namespace abcds::meanwell {
namespace {

CanFrame FrameOf(const std::string& text) {
  const auto frame = ParseFrameText(text);
  EXPECT_TRUE(frame.ok() && frame->has_value()) << text << ": " << frame.status();
  return frame.ok() ? frame->value_or(CanFrame()) : CanFrame();
}

struct Written {
  const char* name;
  CanFrame frame;
  const char* text;
};
class EncodeTest : public testing::TestWithParam<Written> {};
TEST_P(EncodeTest, IsTheManualsFrame) { EXPECT_EQ(FrameText(GetParam().frame), GetParam().text); }

constexpr auto kNpb = Family::kNpb;
constexpr auto kBic = Family::kBic;
using enum Command;

INSTANTIATE_TEST_SUITE_P(
    Worked, EncodeTest,
    testing::Values(
        Written{"NpbVoltage5520", EncodeWrite(kNpb, 2, kVoutSet, EncodeHundredths(55.20)), "000C0102#20009015"},
        Written{"NpbCurrent1250", EncodeWrite(kNpb, 2, kIoutSet, EncodeHundredths(12.50)), "000C0102#3000E204"},
        Written{"NpbOff", EncodeWrite(kNpb, 2, kOperation, 0), "000C0102#000000"},
        Written{"NpbOn", EncodeWrite(kNpb, 2, kOperation, 1), "000C0102#000001"},
        Written{"NpbReadVoltage", EncodeRead(kNpb, 2, kReadVout), "000C0102#6000"},
        Written{"NpbSystemConfig", EncodeWrite(kNpb, 2, kSystemConfig, 0x0400), "000C0102#C2000004"},
        Written{"NpbPowerSupplyMode", EncodeWrite(kNpb, 2, kCurveConfig, 0x0004), "000C0102#B4000400"},
        Written{"BicSystemConfig", EncodeWrite(kBic, 5, kSystemConfig, 0x0401), "000C0305#C2000104"},
        Written{"BicBatteryMode", EncodeWrite(kBic, 5, kBidirectionalConfig, 1), "000C0305#40010100"},
        Written{"BicDischarge", EncodeWrite(kBic, 5, kDirectionCtrl, 1), "000C0305#000101"},
        Written{"BicReadDirection", EncodeRead(kBic, 5, kDirectionCtrl), "000C0305#0001"},
        Written{"BicFloor", EncodeWrite(kBic, 5, kReverseVoutSet, EncodeHundredths(44.80)), "000C0305#20018011"},
        Written{"BicDischargeCurrent", EncodeWrite(kBic, 5, kReverseIoutSet, EncodeHundredths(14.40)),
                "000C0305#3001A005"},
        Written{"AllBicOff", EncodeWrite(kBic, kAllUnits, kOperation, 0), "000C03FF#000000"},
        Written{"AllNpbOff", EncodeWrite(kNpb, kAllUnits, kOperation, 0), "000C01FF#000000"}),
    [](const auto& info) { return info.param.name; });

struct Read {
  const char* name;
  Family family;
  const char* frame;
  ParseResult result;
  const char* words;  // of a good one: command and value
};
class ParseTest : public testing::TestWithParam<Read> {};
TEST_P(ParseTest, IsWhatItShouldBe) {
  Message message;
  const ParseResult result = Parse(GetParam().family, FrameOf(GetParam().frame), message);
  ASSERT_EQ(result, GetParam().result) << ResultText(result);
  if (result != ParseResult::kOk || message.info == nullptr) return;
  std::string words = message.info->name;
  if (message.kind != Message::Kind::kRead) {
    words += " " + InWords(GetParam().family, *message.info, {}, message.value()).value_or("not a value");
  }
  EXPECT_EQ(words, GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(
    Frames, ParseTest,
    testing::Values(
        Read{"Voltage", kNpb, "000C0002#60007714", ParseResult::kOk, "READ_VOUT 52.39 V"},
        Read{"Current", kNpb, "000C0002#6100DE04", ParseResult::kOk, "READ_IOUT 12.46 A"},
        Read{"AcVoltage", kNpb, "000C0002#50000009", ParseResult::kOk, "READ_VIN 230.4 V"},
        Read{"Temperature", kNpb, "000C0002#62003B01", ParseResult::kOk, "READ_TEMPERATURE_1 31.5 °C"},
        Read{"BelowZero", kNpb, "000C0002#6200D3FF", ParseResult::kOk, "READ_TEMPERATURE_1 -4.5 °C"},
        Read{"UnitThatNoNpbHas", kNpb, "000C0009#60007714", ParseResult::kForeign, ""},
        Read{"NobodyAnswersAsAll", kNpb, "000C00FF#60007714", ParseResult::kForeign, ""},
        Read{"OffIsNoFault", kNpb, "000C0002#40004000", ParseResult::kOk, "FAULT_STATUS 0x0040: OP_OFF (output off)"},
        Read{"ModelFirst", kNpb, "000C0002#82004E50422D3132", ParseResult::kOk, "MFR_MODEL_B0B5 \"NPB-12\""},
        Read{"ModelSecondUnpadded", kNpb, "000C0002#830030302D323420", ParseResult::kOk, "MFR_MODEL_B6B11 \"00-24\""},
        Read{"Revision", kNpb, "000C0002#84001712FFFFFFFF", ParseResult::kOk, "MFR_REVISION_B0B5 R2.3 R1.8"},
        Read{"FactoryConfig", kNpb, "000C0002#C2000200", ParseResult::kOk,
             "SYSTEM_CONFIG 0x0002: output on after AC on, setpoints stored at once"},
        Read{"StoredAfterTenMinutes", kBic, "000C0205#C2000102", ParseResult::kOk,
             "SYSTEM_CONFIG 0x0201: controlled by CAN, output off after AC on, setpoints stored after 10 min"},
        Read{"EepromOff", kBic, "000C0205#C2000104", ParseResult::kOk,
             "SYSTEM_CONFIG 0x0401: controlled by CAN, output off after AC on, setpoints not stored"},
        Read{"FactoryCurve", kNpb, "000C0002#B4008400", ParseResult::kOk,
             "CURVE_CONFIG 0x0084: own curve, -3 mV/°C per cell, CUVE (charger mode)"},
        Read{"ChargeStage", kNpb, "000C0002#B8000400", ParseResult::kOk, "CHG_STATUS 0x0004: CVM (constant voltage)"},
        Read{"Discharging", kBic, "000C0205#610063FA", ParseResult::kOk, "READ_IOUT -14.37 A"},
        Read{"Charging", kBic, "000C0205#61006608", ParseResult::kOk, "READ_IOUT 21.5 A"},
        Read{"Fan", kBic, "000C0205#70006018", ParseResult::kOk, "READ_FAN_SPEED_1 6240 rpm"},
        Read{"Status", kBic, "000C0205#C1002700", ParseResult::kOk,
             "SYSTEM_STATUS 0x0027: M/S (master), DC_OK (DC output normal), PFC_OK (PFC runs), INITIAL_STATE (ready)"},
        Read{"Direction", kBic, "000C0205#000101", ParseResult::kOk, "DIRECTION_CTRL discharge"},
        Read{"ReadOfDirectionIsNoOperation", kBic, "000C0305#0001", ParseResult::kOk, "DIRECTION_CTRL"},
        Read{"OperationOnIsNoDirection", kBic, "000C0305#000001", ParseResult::kOk, "OPERATION on"},
        Read{"NpbCurrentIsUnsigned", kNpb, "000C0002#610063FA", ParseResult::kOk, "READ_IOUT not a value"},
        Read{"NoSuchVoltage", kNpb, "000C0002#6000FFFF", ParseResult::kOk, "READ_VOUT not a value"},
        Read{"OperationTwo", kNpb, "000C0002#000002", ParseResult::kOk, "OPERATION not a value"},
        Read{"TextWithControlCharacter", kNpb, "000C0002#82004E50422D3101", ParseResult::kOk,
             "MFR_MODEL_B0B5 not a value"},
        Read{"UnknownScaling", kNpb, "000C0002#C00055067F000000", ParseResult::kOk, "SCALING_FACTOR not a value"},
        Read{"CutOff", kNpb, "000C0002#600077", ParseResult::kWrongLength, ""},
        Read{"TooLong", kNpb, "000C0002#6000771400", ParseResult::kWrongLength, ""},
        Read{"ScalingIsSixBytes", kNpb, "000C0002#C0005506", ParseResult::kWrongLength, ""},
        Read{"ReplyWithoutValue", kNpb, "000C0002#6000", ParseResult::kWrongLength, ""},
        Read{"NoCommand", kNpb, "000C0002#60", ParseResult::kTooShort, ""},
        Read{"ReplyOfUnknownCommand", kNpb, "000C0002#34120000", ParseResult::kUnknownCommand, ""},
        Read{"NpbHasNoDirection", kNpb, "000C0002#000101", ParseResult::kUnknownCommand, ""},
        Read{"ReadOfUnknownCommand", kNpb, "000C0102#3412", ParseResult::kOk, ""},
        Read{"StandardIdentifier", kNpb, "002#60007714", ParseResult::kForeign, ""},
        Read{"RemoteFrame", kNpb, "000C0002#R", ParseResult::kForeign, ""},
        Read{"OtherFamily", kNpb, "000C0202#60007714", ParseResult::kForeign, ""}),
    [](const auto& info) { return info.param.name; });

struct Scaled {
  const char* name;
  std::vector<uint8_t> bytes;
  bool known;
  double voltage, current, ac_voltage, fan_speed, temperature, curve_timeout;
};
class ScalingTest : public testing::TestWithParam<Scaled> {};
TEST_P(ScalingTest, Nibbles) {
  const auto scaling = DecodeScaling(GetParam().bytes);
  ASSERT_EQ(scaling.has_value(), GetParam().known);
  if (!scaling.has_value()) return;
  EXPECT_EQ(scaling->voltage, GetParam().voltage);
  EXPECT_EQ(scaling->current, GetParam().current);
  EXPECT_EQ(scaling->ac_voltage, GetParam().ac_voltage);
  EXPECT_EQ(scaling->fan_speed, GetParam().fan_speed);
  EXPECT_EQ(scaling->temperature, GetParam().temperature);
  EXPECT_EQ(scaling->curve_timeout, GetParam().curve_timeout);
}
INSTANTIATE_TEST_SUITE_P(
    Nibbles, ScalingTest,
    testing::Values(Scaled{"Bic", {0x55, 0x76, 0x06, 0, 0, 0}, true, 0.01, 0.01, 0.1, 1, 0.1, 0},
                    Scaled{"Npb", {0x55, 0x06, 0x76, 0, 0, 0}, true, 0.01, 0.01, 0.1, 0, 0.1, 1},
                    Scaled{
                        "CurrentIsTheHighNibble", {0x65, 0x98, 0x44, 0, 0, 0}, true, 0.01, 0.1, 10, 100, 0.001, 0.001},
                    Scaled{"NibbleThatNobodyExplains", {0x35, 0, 0, 0, 0, 0}, false, 0, 0, 0, 0, 0, 0},
                    Scaled{"TooShort", {0x55, 0x06}, false, 0, 0, 0, 0, 0, 0}),
    [](const auto& info) { return info.param.name; });

TEST(HundredthsTest, RoundsAndSaturates) {
  EXPECT_EQ(EncodeHundredths(27.6), 2760);
  EXPECT_EQ(EncodeHundredths(0.005), 1);
  EXPECT_EQ(EncodeHundredths(-3), 0);
  EXPECT_EQ(EncodeHundredths(1e9), 65535);
  EXPECT_EQ(EncodeHundredths(std::nan("")), 0);
}

struct Line {
  const char* name;
  const char* line;
  const char* frame;  // "" none in it; null: refused
};
class FrameTextTest : public testing::TestWithParam<Line> {};
TEST_P(FrameTextTest, ReadsWhatProgramsWrite) {
  const auto frame = ParseFrameText(GetParam().line);
  ASSERT_EQ(frame.ok(), GetParam().frame != nullptr) << frame.status();
  if (!frame.ok()) {
    EXPECT_EQ(std::string(frame.status().message()).find('\n'), std::string::npos);
    return;
  }
  EXPECT_EQ(frame->has_value() ? FrameText(**frame) : "", GetParam().frame);
}
INSTANTIATE_TEST_SUITE_P(
    Lines, FrameTextTest,
    testing::Values(
        Line{"Cansend", "000C0002#60007714", "000C0002#60007714"},
        Line{"LowerCaseWithDots", "000c0002#60.00.77.14", "000C0002#60007714"},
        Line{"HexPrefix", "0xC0002#6000", "000C0002#6000"}, Line{"Standard", "123#01", "123#01"},
        Line{"EmptyData", "000C0002#", "000C0002#"}, Line{"Remote", "000C0002#R", "000C0002#R"},
        Line{"CandumpLog", "(1436509052.249713) can0 000C0002#60007714 R", "000C0002#60007714"},
        Line{"CandumpLogWithoutDirection", "(1436509052.249713) vcan0 000C0002#60007714", "000C0002#60007714"},
        Line{"Candump", "  can0  000C0002   [4]  60 00 77 14", "000C0002#60007714"},
        Line{"CandumpWithEverything", " (001.5)  can0  RX - -  000C0002   [4]  60 00 77 14   '`.w.'",
             "000C0002#60007714"},
        Line{"CandumpTextWithHash", "  can0  000C0002   [2]  23 23   '##'", "000C0002#2323"},
        Line{"CandumpRemote", "  can0  000C0002   [0]  remote request", "000C0002#R"},
        Line{"CandumpErrorFrame", "  can0  20000004   [8]  00 04 00 00 00 00 00 00   ERRORFRAME", ""},
        Line{"Manual", "000C0102 [4] 20 00 90 15", "000C0102#20009015"},
        Line{"Slcan", "T000C0002460007714", "000C0002#60007714"},
        Line{"SlcanWithReturn", "T000C0002460007714\r", "000C0002#60007714"},
        Line{"SlcanWithTimeStamp", "T000C00024600077140A3F", "000C0002#60007714"},
        Line{"SlcanStandard", "t1232AABB", "123#AABB"}, Line{"SlcanAcknowledgement", "Z\r", ""},
        Line{"SlcanBell", "\a", ""}, Line{"SlcanSetUp", "S5", ""}, Line{"SlcanVersion", "V0107", ""},
        Line{"SlcanBehindTime", "12:00:01.2 T000C0002460007714", "000C0002#60007714"},
        Line{"SlcanBehindTimeInBrackets", "(1700.1) T000C0002460007714", "000C0002#60007714"},
        Line{"SlcanBehindTimeInSquareBrackets", "[12:00:01] T000C0002460007714", "000C0002#60007714"},
        Line{"SlcanBehindDirection", "> T000C0002460007714\r", "000C0002#60007714"},
        Line{"SlcanAcknowledgementBehindTime", "12:00:01.2 RX z", ""},
        Line{"SlcanCutOffBehindTime", "12:00:01.2 T000C00024600077", nullptr},
        Line{"TwoSlcanOnOneLine", "T000C0002460007714 T000C0002460007714", nullptr},
        Line{"WordThatIsNoNote", "hello z", nullptr},
        Line{"PythonCan", "Timestamp: 1690000000.12  ID: 000c0002  X Rx  DL: 4  60 00 77 14  Channel: can0",
             "000C0002#60007714"},
        Line{"PythonCanWithText", "Timestamp: 1.5 ID: 000c0002 X Tx DL:  2 5b 23 '[#' Channel: can0", "000C0002#5B23"},
        Line{"PythonCanStandard", "Timestamp: 1.5  ID: 0123  S Rx  DL: 1  01", "123#01"},
        Line{"PythonCanRemote", "Timestamp: 1.5  ID: 000c0002  X Rx R DL: 4  Channel: can0", "000C0002#R"},
        Line{"PythonCanError", "Timestamp: 1.5  ID: 00000004  X Rx E DL: 8  00 04 00 00 00 00 00 00", ""},
        Line{"PythonCanFewerBytes", "Timestamp: 1.5  ID: 000c0002  X Rx  DL: 4  60 00 77  Channel: can0", nullptr},
        Line{"PythonCanNoIdentifier", "Timestamp: 1.5  ID: X Rx  DL: 4  60 00 77 14", nullptr},
        Line{"PythonCanVersion3",
             "Timestamp: 1690000000.123456        ID: 000c0002    X                DLC:  4    60 00 77 14     Channel: "
             "can0",
             "000C0002#60007714"},
        Line{"PythonCanMoreBytes", "Timestamp: 1.5  ID: 000c0002  X Rx  DL: 2  60 00 77  Channel: can0", nullptr},
        Line{"PythonCanFd", "Timestamp: 1.5  ID: 000c0002  X Rx F DL: 4  60 00 77 14", nullptr},
        Line{"PythonCanRepr",
             "can.Message(timestamp=1.5, arbitration_id=0xc0002, is_extended_id=True, channel='can0', dlc=4, "
             "data=[0x60, 0x0, 0x77, 0x14])",
             "000C0002#60007714"},
        Line{"Asc", " 0.001000 1  C0002x         Rx   d 4 60 00 77 14", "000C0002#60007714"},
        Line{"AscStandard", " 0.001000 1  123         Rx   d 1 01", "123#01"},
        Line{"AscRemote", " 0.001000 1  C0002x         Rx   r 4", "000C0002#R"},
        Line{"AscHead", "date Sat Jul 22 04:26:40.123 2023", ""},
        Line{"AscBegin", " 0.000000 Start of measurement", ""},
        Line{"Trc11", "     1)      1841.1  Rx     000C0002  4  60 00 77 14 ", "000C0002#60007714"},
        Line{"Trc21", "      1    1059.900 DT 1      000C0002 Rx -  4    60 00 77 14 ", "000C0002#60007714"},
        Line{"TrcStandardAndRemote", "     2)      1844.0  Rx         0123  3  RTR", "123#R"},
        Line{"TrcHead", ";$FILEVERSION=1.1", ""},
        Line{"TrcFewerBytes", "     1)      1841.1  Rx     000C0002  4  60 00 77", nullptr},
        Line{"TrcMoreBytes", "     1)      1841.1  Rx     000C0002  2  60 00 77", nullptr},
        Line{"Arduino", "Extended ID: 0x000C0002  DLC: 4  Data: 0x60 0x00 0x77 0x14", "000C0002#60007714"},
        Line{"CansendInFull", "cansend can0 000C0002#60007714", "000C0002#60007714"},
        Line{"CandumpColoured", "\x1b[31m  can0  000C0002   [4]  60 00 77 14\x1b[0m", "000C0002#60007714"},
        Line{"CandumpErrorInWords", "\terror-counter-tx-rx{{128}{0}}", ""},
        Line{"CandumpDropped", "DROPCOUNT: dropped 1 CAN frame on 'can0' socket (total drops 1)", ""},
        Line{"CandumpFd", "  can0  000C0002  [04]  60 00 77 14", nullptr},
        Line{"CandumpLogFd", "(1.5) can0 000C0002##060007714", nullptr},
        Line{"CandumpBytesSwapped", "  can0  000C0002   [4]  14`77`00`60", nullptr},
        Line{"CandumpBinary", "  can0  000C0002   [2]  01100000 00000000", nullptr},
        Line{"PythonCanNoSize", "Timestamp: 1.5  ID: 000c0002 X Rx  DL:", nullptr}, Line{"Empty", "", ""},
        Line{"Comment", "# a log", ""}, Line{"OddDigits", "000C0002#6000771", nullptr},
        Line{"NineBytes", "000C0002#600077140000000000", nullptr}, Line{"NoHex", "000C0002#60G07714", nullptr},
        Line{"NoIdentifier", "#6000", ""}, Line{"IdentifierNoHex", "can0#6000", nullptr},
        Line{"FewerBytesThanSaid", "can0 000C0002 [4] 60 00 77", nullptr},
        Line{"MoreBytesThanSaid", "can0 000C0002 [3] 60 00 77 14", nullptr},
        Line{"SizeNine", "can0 000C0002 [9] 60 00 77", nullptr},
        Line{"SomethingBehind", "000C0002#60007714 and more", nullptr},
        Line{"SlcanCutOff", "T000C00024600077", nullptr}, Line{"SlcanNoHex", "T000C00024600077xx", nullptr},
        Line{"SlcanNoStandardIdentifier", "rfd13", nullptr}, Line{"SlcanHeaderOnly", "T000C0", nullptr},
        Line{"Nonsense", "hello world", nullptr}, Line{"BareHex", "000C000260007714", nullptr}),
    [](const auto& info) { return info.param.name; });

// Joined by "|", blanks at the end off.
std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    const size_t end = line.find_last_not_of(' ');
    text += (text.empty() ? "" : "|") + (end == std::string::npos ? "" : line.substr(0, end + 1));
  }
  return text;
}

TEST(LinesTest, EndInNewlineOrReturn) {
  EXPECT_EQ(Joined(LinesOfText("T000C0002460007714\rz\rT000C0002461000000")),
            "T000C0002460007714|z|T000C0002461000000");
  EXPECT_EQ(Joined(LinesOfText("000C0002#6000\n000C0002#6100")), "000C0002#6000|000C0002#6100");
}

struct Arguments {
  const char* name;
  std::vector<std::string> words;
  const char* lines;
};
class ArgumentsTest : public testing::TestWithParam<Arguments> {};
TEST_P(ArgumentsTest, AreLines) { EXPECT_EQ(Joined(LinesOfArguments(GetParam().words)), GetParam().lines); }
INSTANTIATE_TEST_SUITE_P(
    Words, ArgumentsTest,
    testing::Values(Arguments{"OneFrameEach", {"000C0002#6000", "000C0002#6100"}, "000C0002#6000|000C0002#6100"},
                    Arguments{"Quoted",
                              {"can0 000C0002 [2] 60 00", "can0 000C0002 [2] 61 00"},
                              "can0 000C0002 [2] 60 00|can0 000C0002 [2] 61 00"},
                    Arguments{"QuotedLog", {"000C0002#6000\r\n000C0002#6100"}, "000C0002#6000||000C0002#6100"},
                    Arguments{"TakenApart",
                              {"000C0102", "[2]", "60", "00", "000C0002", "[4]", "60", "00", "77", "14"},
                              "000C0102 [2] 60 00|000C0002 [4] 60 00 77 14"},
                    Arguments{"TakenApartWithInterface",
                              {"can0", "000C0102", "[2]", "60", "00", "'`.'", "can0", "000C0102", "[2]", "61", "00"},
                              "can0 000C0102 [2] 60 00 '`.'|can0 000C0102 [2] 61 00"},
                    Arguments{"TakenApartRemote",
                              {"123", "[0]", "remote", "request", "124", "[0]"},
                              "123 [0] remote request|124 [0]"},
                    Arguments{"FewerBytesThanSaid", {"123", "[2]", "60", "124", "[0]"}, "123 [2] 60 124|[0]"},
                    Arguments{"BothForms", {"000C0002#6000", "123", "[1]", "60"}, "000C0002#6000|123 [1] 60"},
                    Arguments{"NoSize", {"123", "[x]", "60"}, "123 [x] 60"}),
    [](const auto& info) { return info.param.name; });

TEST(ModelTest, BothSpellingsAndPadding) {
  for (const char* name :
       {"NPB-450-24", "NPB-0450-24", "npb-450-24 ", "NPB-450-24\0", "NPB-450-24AD", "NPB-450-24-X"}) {
    const Model* model = FindModel(name);
    ASSERT_NE(model, nullptr) << name;
    EXPECT_STREQ(model->name, "NPB-450-24");
    EXPECT_EQ(model->charge_max, Amperes(13.5));
  }
  EXPECT_EQ(FindModel("NPB-1200-96"), nullptr);
  EXPECT_EQ(FindModel(""), nullptr);
  EXPECT_EQ(FindModel("NPB-450-240"), nullptr) << "another voltage";
  EXPECT_EQ(FindModel("NPB-450-2"), nullptr);
}

TEST(ModelTest, TableHoldsTogether) {
  for (const Model& model : Models()) {
    SCOPED_TRACE(model.name);
    EXPECT_EQ(FindModel(model.name), &model);
    EXPECT_LT(model.voltage_min, model.nominal);
    EXPECT_GT(model.voltage_max, model.nominal);
    if (model.family == Family::kNpb) {
      EXPECT_NEAR(model.charge_min / model.charge_max, 0.2, 1e-9) << "a fifth of the rated current";
      EXPECT_EQ(model.discharge_max, Amperes(0));
    } else {
      EXPECT_NEAR(model.charge_min.value() / model.charge_max.value(), 0.01, 0.0015);
      EXPECT_LT(model.discharge_max, model.charge_max);
    }
  }
}

TEST(ModelTest, PowerLimitsCurrentAtHighVoltage) {
  const Model& npb = *FindModel("NPB-1200-24");
  EXPECT_EQ(MostChargeCurrent(npb, Volts(26)), Amperes(36));
  EXPECT_EQ(MostChargeCurrent(npb, Volts(40)), Amperes(30));
  EXPECT_EQ(MostChargeCurrent(npb, Volts(0)), Amperes(7.2)) << "no voltage known";
  const Model& bic = *FindModel("BIC-2200-48");
  EXPECT_EQ(MostChargeCurrent(bic, Volts(54)), Amperes(40));
  EXPECT_EQ(MostDischargeCurrent(bic, Volts(46), 0.92), Amperes(38.3));
  EXPECT_NEAR(MostDischargeCurrent(bic, Volts(54), 0.92).value(), 34.62, 0.01);
}

}  // namespace
}  // namespace abcds::meanwell
