#include "hal/text/json_path.h"

#include <random>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace abcds {
namespace {

struct Case {
  const char* name;
  const char* path;
  std::string document;
  Refusal refusal;
  double value = 0;
};

class JsonPathTest : public testing::TestWithParam<Case> {};

TEST_P(JsonPathTest, FindsItsValueOrSaysWhyNot) {
  const Case& c = GetParam();
  const absl::StatusOr<JsonPath> path = JsonPath::Parse(c.path);
  ASSERT_TRUE(path.ok()) << path.status();
  const NumberResult result = path->Evaluate(c.document, UnitText::kRefuse);
  EXPECT_STREQ(RefusalName(result.refusal), RefusalName(c.refusal));
  EXPECT_DOUBLE_EQ(result.value, c.value);
}

const char kTasmota[] =
    R"({"StatusSNS":{"Time":"2026-02-03T07:41:20","SML":{"Total_in":18211.4471,"Power_curr":-251}}})";
const char kObis[] = R"({"1.7.0":412.5,"2.7.0":"0.5","16.7.0":412})";
const char kTuples[] = R"({"data":[{"uuid":"a","tuples":[[1767314463,100],[1767314464,312.4]]}]})";
const char kPhases[] = R"({"emeters":[{"power":100.25},{"power":-50},{"power":"7"}]})";
const std::string kDeepArray = std::string(10'000, '[');
const std::string kDeepClosed = std::string(10'000, '[') + "1" + std::string(10'000, ']');
const std::string kDeepObject = [] {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "{\"a\":";
  return text;
}();
const std::string kJustDeepEnough = "{\"p\":" + std::string(31, '[') + "5" + std::string(31, ']') + "}";
const std::string kOneTooDeep = "{\"p\":" + std::string(32, '[') + "5" + std::string(32, ']') + "}";
const std::string kHuge = "{\"p\":1,\"x\":\"" + std::string(70'000, 'x') + "\"}";

// clang-format off
INSTANTIATE_TEST_SUITE_P(Documents, JsonPathTest, testing::Values(
    //   name                        path                           document                    refusal         value
    Case{"NestedKeys",               "StatusSNS.SML.Power_curr",    kTasmota,                   Refusal::kNone, -251},
    Case{"EmptyKey",                 "S[\"\"].P",                   R"({"S":{"":{"P":5}}})",    Refusal::kNone, 5},
    Case{"ColonInAKey",              "em:0.total_act_power",
         R"({"em:0":{"total_act_power":-7.5}})", Refusal::kNone, -7.5},
    Case{"DottedKeyInQuotes",        "[\"1.7.0\"]",                 kObis,                      Refusal::kNone, 412.5},
    Case{"DotBeforeABracket",        "a.[\"b c\"]",                 R"({"a":{"b c":3}})",       Refusal::kNone, 3},
    Case{"EscapedQuoteInAKey",       R"(["a\"b\\c"])",              R"({"a\"b\\c":4})",         Refusal::kNone, 4},
    Case{"ImportMinusExport",        "+[\"1.7.0\"] -[\"2.7.0\"]",   kObis,                      Refusal::kNone, 412},
    Case{"SumWithoutBlanks",         "[\"1.7.0\"]-[\"2.7.0\"]",     kObis,                      Refusal::kNone, 412},
    Case{"BlankAfterTheSign",        "- [\"2.7.0\"]",               kObis,                      Refusal::kNone, -0.5},
    Case{"HyphenInsideAKey",         "grid-power",                  R"({"grid-power":9})",      Refusal::kNone, 9},
    Case{"SixTerms",                 "a +a +a -a +a +a",            R"({"a":2})",               Refusal::kNone, 8},
    Case{"IndexFromTheEnd",          "data[0].tuples[-1][1]",       kTuples,                    Refusal::kNone, 312.4},
    Case{"AllElementsSummed",        "emeters[*].power",            kPhases,                    Refusal::kNone, 57.25},
    Case{"ListAtTheEndSummed",       "p",                           R"({"p":[1,2.5,-0.5]})",    Refusal::kNone, 3},
    Case{"TopLevelList",             "[1]",                         "[1,2]",                    Refusal::kNone, 2},
    Case{"NumberInAString",          "state",                       R"({"state":"-87.4"})",     Refusal::kNone, -87.4},
    Case{"ByteOrderMark",            "p",                           "\xEF\xBB\xBF{\"p\":1}",    Refusal::kNone, 1},
    Case{"BlanksAndLineEndAround",   "p",                           " {\"p\":1}\r\n",           Refusal::kNone, 1},
    Case{"NothingThere",             "power",                       R"({"energy":5})",          Refusal::kMissing},
    Case{"CaseMatters",              "power",                       R"({"Power":5})",           Refusal::kMissing},
    Case{"KeyOfANumber",             "a.b",                         R"({"a":5})",               Refusal::kMissing},
    Case{"IndexBeyondTheEnd",        "[2]",                         "[1,2]",                    Refusal::kMissing},
    Case{"IndexBeforeTheStart",      "[-3]",                        "[1,2]",                    Refusal::kMissing},
    Case{"IndexOfAnObject",          "[0]",                         R"({"0":1})",               Refusal::kMissing},
    Case{"OneTermMissing",           "a -b",                        R"({"a":1})",               Refusal::kMissing},
    Case{"SumOfNothing",             "p[*]",                        R"({"p":[]})",              Refusal::kMissing},
    Case{"EmptyListAtTheEnd",        "p",                           R"({"p":[]})",              Refusal::kMissing},
    Case{"Null",                     "p",                           R"({"p":null})",            Refusal::kNoValue},
    Case{"OnePhaseNull",             "p[*]",                        R"({"p":[1,null]})",        Refusal::kNoValue},
    Case{"UnavailableInAString",     "state",                       R"({"state":"unavailable"})", Refusal::kNoValue},
    Case{"LastWillInsteadOfJson",    "state",                       "offline",                  Refusal::kNoValue},
    Case{"TruthValue",               "p",                           R"({"p":true})",            Refusal::kWrongType},
    Case{"ObjectForANumber",         "p",                           R"({"p":{}})",              Refusal::kWrongType},
    Case{"ListInAList",              "p",                           R"({"p":[[1]]})",           Refusal::kWrongType},
    Case{"EmptyString",              "p",                           R"({"p":""})",              Refusal::kEmpty},
    Case{"DecimalCommaInAString",    "p",                           R"({"p":"1,5"})",           Refusal::kDecimalComma},
    Case{"UnitInAString",            "p",                           R"({"p":"5 W"})",           Refusal::kTrailingText},
    Case{"NanIsNotJson",             "p",                           R"({"p":NaN})",             Refusal::kMalformed},
    Case{"BeyondADouble",            "p",                           R"({"p":1e999})",           Refusal::kMalformed},
    Case{"SumBeyondADouble",         "p",                           R"({"p":[1.7e308,1.7e308]})", Refusal::kOutOfRange},
    Case{"Truncated",                "p",                           R"({"p":1)",                Refusal::kMalformed},
    Case{"GarbageBehind",            "p",                           R"({"p":1} x)",             Refusal::kMalformed},
    Case{"TwoDocuments",             "p",                           R"({"p":1}{"p":2})",        Refusal::kMalformed},
    Case{"LoginPage",                "p",                           "<html></html>",            Refusal::kHtml},
    Case{"Empty",                    "p",                           "",                         Refusal::kEmpty},
    Case{"InvalidUtf8",              "p",                           "{\"p\":1,\"x\":\"\xFF\"}", Refusal::kNotUtf8},
    Case{"TenThousandBrackets",      "[0]",                         kDeepArray,                 Refusal::kTooDeep},
    Case{"TenThousandClosed",        "[0]",                         kDeepClosed,                Refusal::kTooDeep},
    Case{"TenThousandObjects",       "a",                           kDeepObject,                Refusal::kTooDeep},
    Case{"ThirtyTwoLevelsAreRead",   "p",                           kJustDeepEnough,            Refusal::kWrongType},
    Case{"ThirtyThreeLevelsAreNot",  "p",                           kOneTooDeep,                Refusal::kTooDeep},
    Case{"EscapedQuoteEndsNoString", "p",
         "{\"p\":1,\"x\":\"\\\"" + std::string(50, '[') + "\"}", Refusal::kNone, 1},
    Case{"BracketsInAStringAreText", "p",
         "{\"p\":1,\"x\":\"" + std::string(50, '[') + "\\\"[[\"}", Refusal::kNone, 1},
    Case{"SeventyKilobytes",         "p",                           kHuge,                      Refusal::kTooLong}),
    [](const auto& info) { return info.param.name; });
// clang-format on

TEST(JsonPath, UnitsMustAgreeInASum) {
  const absl::StatusOr<JsonPath> path = JsonPath::Parse("p");
  ASSERT_TRUE(path.ok());
  const NumberResult same = path->Evaluate(R"({"p":["1 kW","2 kW"]})", UnitText::kAccept);
  EXPECT_EQ(same.refusal, Refusal::kNone);
  EXPECT_EQ(same.unit, PowerUnit::kKilowatt);
  EXPECT_DOUBLE_EQ(same.value, 3);
  EXPECT_EQ(path->Evaluate(R"({"p":["1 kW","2 W"]})", UnitText::kAccept).refusal, Refusal::kWrongUnit);
  EXPECT_EQ(path->Evaluate(R"({"p":["1 kW",2]})", UnitText::kAccept).refusal, Refusal::kWrongUnit);
}

struct BadPath {
  const char* name;
  const char* path;
  const char* message;
};

class JsonPathSyntaxTest : public testing::TestWithParam<BadPath> {};

TEST_P(JsonPathSyntaxTest, NamesThePlaceAndWhatIsExpected) {
  const absl::StatusOr<JsonPath> path = JsonPath::Parse(GetParam().path);
  ASSERT_FALSE(path.ok());
  EXPECT_EQ(std::string(path.status().message()), GetParam().message);
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Paths, JsonPathSyntaxTest, testing::Values(
    BadPath{"Empty",           "",            "at character 1: expected a key, [\"key\"], [number] or [*]"},
    BadPath{"DotAtTheEnd",     "a.",          "at character 3: expected a key, [\"key\"], [number] or [*]"},
    BadPath{"TwoDots",         "a..b",        "at character 3: expected a key, [\"key\"], [number] or [*]"},
    BadPath{"OnlyASign",       "+",           "at character 2: expected a key, [\"key\"], [number] or [*]"},
    BadPath{"UnclosedBracket", "a[0",         "at character 4: expected ]"},
    BadPath{"UnclosedQuote",   "a[\"b",       "at character 5: the key's closing \" is missing"},
    BadPath{"EmptyBracket",    "a[]",         "at character 3: expected \"key\", a number or * after ["},
    BadPath{"IndexTooLarge",   "a[99999999999]", "at character 3: expected \"key\", a number or * after ["},
    BadPath{"BlankInABareKey", "grid power",
            "at character 6: expected + or - between two terms (a key with blanks is written [\"key\"])"},
    BadPath{"SevenTerms",      "a+b +b +b +b +b +b +b", "at character 20: more than 6 terms"}),
    [](const auto& info) { return info.param.name; });
// clang-format on

TEST(JsonPath, BoundsItsOwnLength) {
  EXPECT_FALSE(JsonPath::Parse(std::string(513, 'a')).ok());
  std::string seventeen = "a";
  for (int i = 0; i < 16; ++i) seventeen += ".a";
  EXPECT_FALSE(JsonPath::Parse(seventeen).ok());
}

TEST(JsonPath, AnswersEveryDocument) {
  const absl::StatusOr<JsonPath> path = JsonPath::Parse("a[*].b -[\"c\"][-1]");
  ASSERT_TRUE(path.ok());
  std::mt19937_64 random(21);
  const std::string good = R"({"a":[{"b":1.5},{"b":"2"}],"c":[1,{"b":[true,null]},-3e2]})";
  ASSERT_DOUBLE_EQ(path->Evaluate(good, UnitText::kRefuse).value, 303.5);
  for (int round = 0; round < 100'000; ++round) {
    std::string text = good;
    for (uint64_t changes = 1 + random() % 4; changes > 0; --changes) {
      text[random() % text.size()] = static_cast<char>(random() % 4 ? "{}[]\",:-0e.x"[random() % 12] : random());
    }
    const NumberResult result = path->Evaluate(text, UnitText::kRefuse);
    if (result.refusal != Refusal::kNone) {
      ASSERT_EQ(result.value, 0.0) << text;
    }
  }
}

}  // namespace
}  // namespace abcds
