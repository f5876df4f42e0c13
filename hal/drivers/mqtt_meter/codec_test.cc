#include "hal/drivers/mqtt_meter/codec.h"

#include <cmath>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace abcds::mqtt_meter {
namespace {

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

struct Case {
  const char* name;
  CodecOptions options;
  std::string payload;
  Refusal refusal;
  double power_w = 0;
};

class CodecTest : public testing::TestWithParam<Case> {};

TEST_P(CodecTest, DecodesOrRefuses) {
  const Case& c = GetParam();
  const absl::StatusOr<Codec> codec = Codec::Create(c.options);
  ASSERT_TRUE(codec.ok()) << codec.status();
  const DecodedPower decoded = codec->Decode(Bytes(c.payload));
  EXPECT_STREQ(RefusalName(decoded.refusal), RefusalName(c.refusal));
  EXPECT_DOUBLE_EQ(decoded.power.value(), c.power_w);
}

const CodecOptions kPlain;
const CodecOptions kKilowatts{.scale = 1000};
const CodecOptions kMilliwatts{.scale = 0.001};
const CodecOptions kInverted{.invert = true};
const CodecOptions kUnit{.strip_unit = true};
const CodecOptions kKilowattUnit{.scale = 1000, .strip_unit = true};
const CodecOptions kGainAndUnit{.scale = 1.02, .strip_unit = true};
const CodecOptions kTasmota{.json_path = "SML.Power_curr"};
const CodecOptions kObis{.json_path = "+[\"1.7.0\"] -[\"2.7.0\"]", .scale = 1000, .invert = true};
const CodecOptions kNarrow{.plausible = Watts(5000)};
const std::string kTasmotaMessage = R"({"Time":"2026-02-03T07:41:20","SML":{"Total_in":18211.4471,"Power_curr":-251}})";

// clang-format off
INSTANTIATE_TEST_SUITE_P(Payloads, CodecTest, testing::Values(
    //   name                          options        payload                    refusal                 power
    Case{"PlainNumber",                kPlain,        "-412.7",                  Refusal::kNone,         -412.7},
    Case{"FractionIsKept",             kPlain,        "12.5",                    Refusal::kNone,         12.5},
    Case{"EdgeOfThePlausible",         kPlain,        "-50000",                  Refusal::kNone,         -50000},
    Case{"BeyondThePlausible",         kPlain,        "-100000",                 Refusal::kImplausible},
    Case{"ABillionWatts",              kPlain,        "1e9",                     Refusal::kImplausible},
    Case{"SingleValueOfATinyHouse",    kNarrow,       "5001",                    Refusal::kImplausible},
    Case{"PlausibleIsAfterScaling",    kKilowatts,    "51",                      Refusal::kImplausible},
    Case{"OverflowByTheScale",         kKilowatts,    "1e307",                   Refusal::kImplausible},
    Case{"Kilowatts",                  kKilowatts,    "-0.4127",                 Refusal::kNone,         -412.7},
    Case{"Milliwatts",                 kMilliwatts,   "412700",                  Refusal::kNone,         412.7},
    Case{"ExportCountedPositive",      kInverted,     "35",                      Refusal::kNone,         -35},
    Case{"NotANumberIsNoValue",        kPlain,        "nan",                     Refusal::kNoValue},
    Case{"EmptyDeletesARetainedCopy",  kPlain,        "",                        Refusal::kEmpty},
    Case{"UnitUnasked",                kPlain,        "412 W",                   Refusal::kTrailingText},
    Case{"UnitAsked",                  kUnit,         "412 W",                   Refusal::kNone,         412},
    Case{"UnitContradictsTheScale",    kUnit,         "0.4 kW",                  Refusal::kWrongUnit},
    Case{"UnitFitsTheScale",           kKilowattUnit, "0.4 kW",                  Refusal::kNone,         400},
    Case{"SuddenlyWattsForKilowatts",  kKilowattUnit, "40 W",                    Refusal::kWrongUnit},
    Case{"GainCorrectionWithUnit",     kGainAndUnit,  "100 W",                   Refusal::kNone,         102},
    Case{"EnergyIsNotPower",           kUnit,         "5 kWh",                   Refusal::kWrongUnit},
    Case{"JsonForAPlainNumber",        kPlain,        R"({"power":5})",          Refusal::kNotANumber},
    Case{"JsonPath",                   kTasmota,      kTasmotaMessage,           Refusal::kNone,         -251},
    Case{"PlainNumberForJson",         kTasmota,      "12.5",                    Refusal::kMissing},
    Case{"OtherMessageOnTheTopic",     kTasmota,      R"({"SML":{"Total":1}})",  Refusal::kMissing},
    Case{"SumThenScaleThenInvert",     kObis,         R"({"1.7.0":0.1,"2.7.0":0.5})", Refusal::kNone,    400},
    Case{"InvalidUtf8",                kPlain,        "\xC3\x28",                Refusal::kNotUtf8}),
    [](const auto& info) { return info.param.name; });
// clang-format on

struct BadOptions {
  const char* name;
  CodecOptions options;
  const char* message;
};

class CodecOptionsTest : public testing::TestWithParam<BadOptions> {};

TEST_P(CodecOptionsTest, AreRefusedWithTheFieldsName) {
  const absl::StatusOr<Codec> codec = Codec::Create(GetParam().options);
  ASSERT_FALSE(codec.ok());
  EXPECT_EQ(std::string(codec.status().message()).rfind(GetParam().message, 0), 0u) << codec.status();
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Options, CodecOptionsTest, testing::Values(
    BadOptions{"ScaleZero",        {.scale = 0},                  "scale: "},
    BadOptions{"ScaleNegative",    {.scale = -1},                 "scale: "},
    BadOptions{"ScaleNan",         {.scale = std::nan("")},       "scale: "},
    BadOptions{"NothingPlausible", {.plausible = Watts(0)},       "plausible_w: "},
    BadOptions{"BadPath",          {.json_path = "a."},           "json_path: at character 3"}),
    [](const auto& info) { return info.param.name; });
// clang-format on

}  // namespace
}  // namespace abcds::mqtt_meter
