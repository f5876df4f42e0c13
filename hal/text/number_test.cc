#include "hal/text/number.h"

#include <clocale>
#include <cmath>
#include <random>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace abcds {
namespace {

using std::string_view_literals::operator""sv;

struct Case {
  const char* name;
  std::string_view text;
  UnitText unit_text;
  Refusal refusal;
  double value = 0;
  PowerUnit unit = PowerUnit::kNone;
};

class ParseNumberTest : public testing::TestWithParam<Case> {};

TEST_P(ParseNumberTest, IsReadOrRefused) {
  const Case& c = GetParam();
  const NumberResult result = ParseNumber(c.text, c.unit_text);
  EXPECT_STREQ(RefusalName(result.refusal), RefusalName(c.refusal));
  EXPECT_DOUBLE_EQ(result.value, c.value);
  EXPECT_EQ(result.unit, c.unit);
}

constexpr UnitText kPlain = UnitText::kRefuse;
constexpr UnitText kUnit = UnitText::kAccept;
const std::string kSixtyFour = std::string(60, ' ') + "12.5";
const std::string kSixtyFive = std::string(61, ' ') + "12.5";
const std::string kHuge(100'000, '9');

// clang-format off
INSTANTIATE_TEST_SUITE_P(Text, ParseNumberTest, testing::Values(
    //   name                         text                       unit text  refusal                  value  unit
    Case{"Integer",                   "-412"sv,                  kPlain, Refusal::kNone,             -412},
    Case{"Fraction",                  "12.5"sv,                  kPlain, Refusal::kNone,             12.5},
    Case{"FractionKeepsItsDigits",    "312.4"sv,                 kPlain, Refusal::kNone,             312.4},
    Case{"LeadingPlus",               "+35"sv,                   kPlain, Refusal::kNone,             35},
    Case{"Exponent",                  "-4.127e2"sv,              kPlain, Refusal::kNone,             -412.7},
    Case{"NoDigitBeforeThePoint",     "-.5"sv,                   kPlain, Refusal::kNone,             -0.5},
    Case{"BlanksAndLineEnd",          " -412.7 \r\n"sv,          kPlain, Refusal::kNone,             -412.7},
    Case{"NulAtTheEnd",               "35\0"sv,                  kPlain, Refusal::kNone,             35},
    Case{"OnePairOfQuotes",           "\" 35 \""sv,              kPlain, Refusal::kNone,             35},
    Case{"TooLargeForAHouseIsANumber", "1e9"sv,                  kPlain, Refusal::kNone,             1e9},
    Case{"SixtyFourBytes",            kSixtyFour,                kPlain, Refusal::kNone,             12.5},
    Case{"SixtyFiveBytes",            kSixtyFive,                kPlain, Refusal::kTooLong},
    Case{"AHundredThousandDigits",    kHuge,                     kPlain, Refusal::kTooLong},
    Case{"Empty",                     ""sv,                      kPlain, Refusal::kEmpty},
    Case{"OnlyBlanks",                " \t\r\n\0"sv,             kPlain, Refusal::kEmpty},
    Case{"EmptyQuotes",               "\"\""sv,                  kPlain, Refusal::kEmpty},
    Case{"TwoPairsOfQuotes",          "\"\"35\"\""sv,            kPlain, Refusal::kNotANumber},
    Case{"Nan",                       "nan"sv,                   kPlain, Refusal::kNoValue},
    Case{"NanInCapitals",             "NaN"sv,                   kPlain, Refusal::kNoValue},
    Case{"NegativeNan",               "-nan"sv,                  kPlain, Refusal::kNoValue},
    Case{"NanWithAPayload",           "nan(1)"sv,                kPlain, Refusal::kNotANumber},
    Case{"Null",                      "null"sv,                  kPlain, Refusal::kNoValue},
    Case{"PythonsNone",               "None"sv,                  kPlain, Refusal::kNoValue},
    Case{"Unavailable",               "unavailable"sv,           kPlain, Refusal::kNoValue},
    Case{"Offline",                   "Offline"sv,               kPlain, Refusal::kNoValue},
    Case{"Dashes",                    "---"sv,                   kPlain, Refusal::kNoValue},
    Case{"Infinity",                  "inf"sv,                   kPlain, Refusal::kNotANumber},
    Case{"NegativeInfinity",          "-Infinity"sv,             kPlain, Refusal::kNotANumber},
    Case{"BeyondADouble",             "1e999"sv,                 kPlain, Refusal::kOutOfRange},
    Case{"Word",                      "true"sv,                  kPlain, Refusal::kNotANumber},
    Case{"OnlyASign",                 "-"sv,                     kPlain, Refusal::kNotANumber},
    Case{"TwoSigns",                  "+-5"sv,                   kPlain, Refusal::kNotANumber},
    Case{"OnlyAPoint",                "."sv,                     kPlain, Refusal::kNotANumber},
    Case{"DecimalComma",              "1,5"sv,                   kPlain, Refusal::kDecimalComma},
    Case{"DecimalCommaIsNoUnit",      "1,5"sv,                   kUnit,  Refusal::kDecimalComma},
    Case{"Hexadecimal",               "0x10"sv,                  kPlain, Refusal::kTrailingText},
    Case{"HexadecimalIsNoUnit",       "0x10"sv,                  kUnit,  Refusal::kWrongUnit},
    Case{"ThousandsDots",             "1.234.567"sv,             kPlain, Refusal::kTrailingText},
    Case{"NulInside",                 "1\0002"sv,                kPlain, Refusal::kTrailingText},
    Case{"TwoNumbers",                "1 2"sv,                   kPlain, Refusal::kTrailingText},
    Case{"UnitUnasked",               "412 W"sv,                 kPlain, Refusal::kTrailingText},
    Case{"Watts",                     "-412.7 W"sv,              kUnit,  Refusal::kNone, -412.7, PowerUnit::kWatt},
    Case{"UnitWithoutBlank",          "412W"sv,                  kUnit,  Refusal::kNone, 412, PowerUnit::kWatt},
    Case{"UnitIsToldNotApplied",      "0.4 kW"sv,                kUnit,  Refusal::kNone, 0.4, PowerUnit::kKilowatt},
    Case{"UnitMayBeMissing",          "412"sv,                   kUnit,  Refusal::kNone, 412},
    Case{"MilliAndMegaDiffer",        "5 mW"sv,                  kUnit,  Refusal::kNone, 5, PowerUnit::kMilliwatt},
    Case{"Mega",                      "5 MW"sv,                  kUnit,  Refusal::kNone, 5, PowerUnit::kMegawatt},
    Case{"EnergyIsNotPower",          "5 kWh"sv,                 kUnit,  Refusal::kWrongUnit},
    Case{"InvalidUtf8",               "12\xFF"sv,                kPlain, Refusal::kNotUtf8}),
    [](const auto& info) { return info.param.name; });
// clang-format on

TEST(ParseNumber, DoesNotCareForTheLocale) {
  // Missing on a small system: then there is nothing to trip over either.
  if (std::setlocale(LC_ALL, "de_DE.UTF-8") == nullptr) std::setlocale(LC_ALL, "");
  EXPECT_DOUBLE_EQ(ParseNumber("12.5", kPlain).value, 12.5);
  std::setlocale(LC_ALL, "C");
}

TEST(ParseNumber, AnswersEveryByteSequence) {
  std::mt19937_64 random(20);
  constexpr std::string_view kAlphabet("0123456789+-.,eExXnaifINF \"\r\n\0W\xC3\xBF", 33);
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (uint64_t length = random() % 12; length > 0; --length) text.push_back(kAlphabet[random() % kAlphabet.size()]);
    const NumberResult result = ParseNumber(text, random() % 2 ? kUnit : kPlain);
    ASSERT_TRUE(std::isfinite(result.value)) << text;
    if (result.refusal != Refusal::kNone) {
      ASSERT_EQ(result.value, 0.0) << text;
    }
  }
}

TEST(IsUtf8, KnowsTheEdges) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("Z\xC3\xA4hler \xE2\x82\xAC \xF0\x9F\x94\x8B"));
  EXPECT_TRUE(IsUtf8("\xF4\x8F\xBF\xBF"));
  for (const std::string_view bad : {"\x80", "\xC3", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82",
                                     "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x28\xA1"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

TEST(Refusal, EachHasAName) {
  for (int i = 0; i < static_cast<int>(Refusal::kCount); ++i) {
    EXPECT_STRNE(RefusalName(static_cast<Refusal>(i)), "unknown");
    EXPECT_STRNE(RefusalText(static_cast<Refusal>(i)), "for an unknown reason");
  }
}

}  // namespace
}  // namespace abcds
