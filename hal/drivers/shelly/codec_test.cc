// Documents as real devices send them, and everything else.
#include "hal/drivers/shelly/codec.h"

#include <string>

#include "gtest/gtest.h"

namespace abcds::shelly {
namespace {

// A 3EM with firmware 1.14: the members around the powers shortened.
const std::string kBody =
    R"({"wifi_sta":{"connected":true,"ssid":"home"},"time":"14:07","unixtime":1750161234,"emeters":[)"
    R"({"power":402.11,"pf":0.93,"current":1.84,"voltage":234.20,"is_valid":true,"total":402118.4,"total_returned":55.1},)"
    R"({"power":-977.65,"pf":-0.98,"current":4.24,"voltage":235.02,"is_valid":true,"total":180021.9,"total_returned":733120.0},)"
    R"({"power":88.04,"pf":0.61,"current":0.61,"voltage":233.87,"is_valid":true,"total":96410.2,"total_returned":12.7}],)"
    R"("total_power":-487.50,"emeter_n":{"current":0.00,"ixsum":1.02,"mismatch":false,"is_valid":false},"fs_mounted":true})";

std::string With(const std::string& from, const std::string& to) {
  std::string body = kBody;
  const size_t at = body.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return body.replace(at, from.size(), to);
}

DecodedReading Decode(const std::string& body, const DecodeOptions& options = {}) {
  return DecodeStatus(body, *FindModel("shelly-3em"), options);
}

TEST(Codec, ReadsARealBody) {
  const DecodedReading decoded = Decode(kBody);
  ASSERT_EQ(decoded.refusal, Refusal::kNone);
  EXPECT_EQ(decoded.reading.power, Watts(-487.5));
  EXPECT_EQ(decoded.reading.channels[0].power, Watts(402.11));
  EXPECT_EQ(decoded.reading.channels[1].power, Watts(-977.65));
  EXPECT_EQ(decoded.reading.channels[1].voltage, Volts(235.02));
  EXPECT_EQ(decoded.reading.channels[2].current, Amperes(0.61));
  EXPECT_EQ(decoded.reading.unixtime_s, 1750161234);
}

TEST(Codec, InvertTurnsEverySign) {
  const DecodedReading decoded = Decode(kBody, {.invert = true});
  ASSERT_EQ(decoded.refusal, Refusal::kNone);
  EXPECT_EQ(decoded.reading.power, Watts(487.5));
  EXPECT_EQ(decoded.reading.channels[0].power, Watts(-402.11));
  EXPECT_EQ(decoded.reading.channels[0].current, Amperes(1.84));
}

TEST(Codec, OldFirmwareHasNoTotal) {
  const DecodedReading decoded = Decode(With("\"total_power\":-487.50,", ""));
  ASSERT_EQ(decoded.refusal, Refusal::kNone);
  EXPECT_NEAR(decoded.reading.power.value(), 402.11 - 977.65 + 88.04, 1e-9);
}

struct Case {
  const char* name;
  std::string body;
  Refusal want;
};

class StatusTest : public testing::TestWithParam<Case> {};

TEST_P(StatusTest, IsAValueOrSaysWhyNot) {
  EXPECT_STREQ(RefusalName(Decode(GetParam().body).refusal), RefusalName(GetParam().want));
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Bodies, StatusTest, testing::Values(
    Case{"Real",                  kBody,                                                      Refusal::kNone},
    Case{"ByteOrderMark",         "\xEF\xBB\xBF" + kBody,                                     Refusal::kNone},
    Case{"BlanksAround",          "\r\n " + kBody + "\r\n",                                   Refusal::kNone},
    Case{"NoTimeYet",             With("1750161234", "0"),                                    Refusal::kNone},
    Case{"TimeFromAnotherWorld",  With("1750161234", "1e300"),                                Refusal::kNone},
    Case{"NumberInAString",       With("-487.50", "\"-487.50\""),                             Refusal::kNone},
    Case{"VoltageUnknown",        With("234.20", "null"),                                     Refusal::kNone},
    Case{"Empty",                 "",                                                         Refusal::kEmpty},
    Case{"LoginPage",             "<html><body>Login</body></html>",                          Refusal::kHtml},
    Case{"Truncated",             kBody.substr(0, kBody.size() / 2),                          Refusal::kMalformed},
    Case{"LastBraceMissing",      kBody.substr(0, kBody.size() - 1),                          Refusal::kMalformed},
    Case{"SomethingBehind",       kBody + "x",                                                Refusal::kMalformed},
    Case{"NaN",                   With("-487.50", "NaN"),                                     Refusal::kMalformed},
    Case{"DecimalComma",          With("-487.50", "\"-487,50\""),                             Refusal::kDecimalComma},
    Case{"NotText",               "\xff\xfe\x01",                                             Refusal::kNotUtf8},
    Case{"Deep",                  std::string(10'000, '['),                                   Refusal::kTooDeep},
    Case{"Huge",                  std::string(5'000'000, ' '),                                Refusal::kTooLong},
    Case{"AList",                 "[]",                                                       Refusal::kWrongType},
    Case{"ANumber",               "412",                                                      Refusal::kWrongType},
    Case{"ErrorObject",           R"({"error":"busy"})",                                      Refusal::kMissing},
    Case{"TotalIsNull",           With("-487.50", "null"),                                    Refusal::kNoValue},
    Case{"TotalIsTrue",           With("-487.50", "true"),                                    Refusal::kWrongType},
    Case{"TotalIsAList",          With("-487.50", "[1]"),                                     Refusal::kWrongType},
    Case{"TotalIsEmptyText",      With("-487.50", "\"\""),                                    Refusal::kEmpty},
    Case{"TotalIsInfinite",       With("-487.50", "1e999"),                                   Refusal::kMalformed},
    Case{"TotalIsHuge",           With("-487.50", "1e308"),                                   Refusal::kImplausible},
    Case{"TotalIsInt32Min",       With("-487.50", "-2147483648"),                             Refusal::kImplausible},
    Case{"PhaseIsInt32Min",       With("-977.65", "-2147483648"),                             Refusal::kImplausible},
    Case{"PhaseIsNull",           With("-977.65", "null"),                                    Refusal::kNoValue},
    Case{"PhaseHasNoPower",       With("\"power\":-977.65,", ""),                             Refusal::kMissing},
    Case{"PhaseIsNotValid",       With("\"is_valid\":true,\"total\":180021.9", "\"is_valid\":false,\"total\":180021.9"), Refusal::kNoValue},
    Case{"ValidIsANumber",        With("\"is_valid\":true", "\"is_valid\":1"),                Refusal::kWrongType},
    Case{"PhaseIsAText",          R"({"emeters":["a","b","c"],"total_power":5})",             Refusal::kWrongType},
    Case{"TwoPhases",             R"({"emeters":[{"power":1},{"power":2}],"total_power":5})", Refusal::kMissing},
    Case{"NoPhases",              R"({"emeters":[],"total_power":5})",                        Refusal::kMissing},
    Case{"PhasesAreAnObject",     R"({"emeters":{},"total_power":5})",                        Refusal::kWrongType}),
    [](const auto& info) { return info.param.name; });
// clang-format on

TEST(Codec, SaysWhichClampWasRefused) {
  EXPECT_EQ(Decode(With("-977.65", "null")).clamp, 2u);
  EXPECT_EQ(Decode(With("-487.50", "null")).clamp, 0u);
  EXPECT_EQ(RefusalTextHere(Refusal::kNoValue, 2),
            "clamp 2: the device says that it has no valid measurement: check its clamps and voltages");
  EXPECT_EQ(RefusalTextHere(Refusal::kMissing, 3), "clamp 3: it says no power");
}

// What people hand over in place of a 3EM's /status.
struct Other {
  const char* name;
  const char* body;
  const char* want;  // how the sentence begins
};

class OtherDocumentTest : public testing::TestWithParam<Other> {};

TEST_P(OtherDocumentTest, IsNamed) {
  const std::string text = OtherDocument(GetParam().body, *FindModel("shelly-3em"));
  EXPECT_EQ(text.substr(0, std::string(GetParam().want).size()), GetParam().want) << text;
  EXPECT_EQ(text.empty(), std::string(GetParam().want).empty()) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, OtherDocumentTest,
    testing::Values(
        Other{"Pro3Em", R"({"id":0,"a_act_power":318.6,"total_act_power":-521.137})",
              "this is of a Shelly of generation 2 or later (\"total_act_power\"), and shelly-3em is generation 1"},
        Other{"WholeGen2Status", R"({"ble":{},"em:0":{"id":0}})", "this is of a Shelly of generation 2"},
        Other{"Plus1Pm", R"({"id":0,"apower":263.8})", "this is of a Shelly of generation 2"},
        Other{"RpcError", R"({"code":404,"message":"No handler for EM.GetStatus"})",
              "this is an error of a Shelly's RPC"},
        Other{"Em", R"({"emeters":[{"power":1},{"power":2}]})", "it has 2 \"emeters\", and the Shelly 3EM has 3"},
        Other{"OnePm", R"({"meters":[{"power":15.0}]})", "this is of a Shelly 1PM or Plug"},
        Other{"ItsMeter", R"({"power":15.0,"is_valid":true,"counters":[1,2,3]})", "this is of a Shelly 1PM or Plug"},
        Other{"Identity", R"({"type":"SHEM-3","mac":"A8032AB1C2D3"})", "this is the body of /shelly"},
        Other{"Settings", R"({"device":{"type":"SHEM-3"}})", "this is the body of /settings"},
        Other{"WithHeaders", "HTTP/1.1 200 OK\r\n\r\n{}", "the body was refused: it begins with the reply's headers"},
        Other{"ItsOwn", R"({"emeters":[{"power":1},{"power":2},{"power":3}]})", ""}, Other{"Page", "<html>", ""},
        Other{"Nothing", "", ""}),
    [](const auto& info) { return info.param.name; });

struct ClampCase {
  const char* name;
  const char* body;
  Refusal refusal;
  double power_w;
};

class ClampTest : public testing::TestWithParam<ClampCase> {};

TEST_P(ClampTest, IsReadAlone) {
  const DecodedReading decoded = DecodeClamp(GetParam().body, {.invert = true});
  EXPECT_EQ(decoded.refusal, GetParam().refusal);
  if (decoded.refusal != Refusal::kNone) return;
  EXPECT_EQ(decoded.reading.power, Watts(GetParam().power_w));
  EXPECT_EQ(decoded.reading.channels.front().power, Watts(GetParam().power_w));
  EXPECT_EQ(decoded.reading.channels.front().voltage, Volts(235.02));
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, ClampTest,
    testing::Values(
        ClampCase{"Good", R"({"power":-977.65,"pf":-0.98,"current":4.24,"voltage":235.02,"is_valid":true,"total":1.5})",
                  Refusal::kNone, 977.65},
        ClampCase{"NotValid", R"({"power":0,"voltage":235.02,"is_valid":false})", Refusal::kNoValue, 0},
        ClampCase{"Implausible", R"({"power":-2147483648,"voltage":235.02})", Refusal::kImplausible, 0},
        ClampCase{"OfAPlug", R"({"power":117.26,"is_valid":true,"counters":[1,2,3]})", Refusal::kMissing, 0},
        ClampCase{"WholeStatus", R"({"emeters":[],"total_power":1})", Refusal::kMissing, 0},
        ClampCase{"Cut", R"({"power":-977.65,"voltage":235.02)", Refusal::kMalformed, 0}),
    [](const auto& info) { return info.param.name; });

TEST(Codec, PlausibleRangeIncludesItsEnds) {
  const std::string body = R"({"emeters":[{"power":500},{"power":0},{"power":0}],"total_power":500})";
  EXPECT_EQ(Decode(body, {.plausible = Watts(500)}).refusal, Refusal::kNone);
  EXPECT_EQ(Decode(body, {.plausible = Watts(499)}).refusal, Refusal::kImplausible);
}

TEST(Codec, SameValuesDoNotLookAtTheClock) {
  const Reading first = Decode(kBody).reading;
  EXPECT_TRUE(first.SameValues(Decode(With("1750161234", "1750161239")).reading));
  EXPECT_FALSE(first.SameValues(Decode(With("-487.50", "-487.51")).reading));
  EXPECT_FALSE(first.SameValues(Decode(With("402.11", "402.12")).reading));
  EXPECT_FALSE(first.SameValues(Decode(With("234.20", "234.21")).reading));
  EXPECT_FALSE(first.SameValues(Decode(With("402118.4", "402118.5")).reading));
}

TEST(Codec, Identity) {
  const DecodedIdentity decoded =
      DecodeIdentity(R"({"type":"SHEM-3","mac":"A8032AB1C2D3","auth":true,"fw":"20230913/v1.14.0"})");
  ASSERT_EQ(decoded.refusal, Refusal::kNone);
  EXPECT_EQ(decoded.identity.type, "SHEM-3");
  EXPECT_EQ(decoded.identity.mac, "A8032AB1C2D3");
  EXPECT_EQ(decoded.identity.firmware, "20230913/v1.14.0");
  EXPECT_EQ(DecodeIdentity(R"({"model":"SPEM-003CEBEU","gen":2})").identity.type, "SPEM-003CEBEU");
  EXPECT_EQ(DecodeIdentity("{\"type\":\"a\\u001b[2J\\\"\"}").identity.type, "a.[2J.");
  EXPECT_EQ(DecodeIdentity("{}").refusal, Refusal::kMissing);
  EXPECT_EQ(DecodeIdentity("<html>").refusal, Refusal::kHtml);
  EXPECT_EQ(FindModel("shelly-9em"), nullptr);
}

}  // namespace
}  // namespace abcds::shelly
