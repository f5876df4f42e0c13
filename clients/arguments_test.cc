#include "clients/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace abcds {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

struct PowerCase {
  const char* name;
  const char* text;
  std::optional<double> want_w;
};

class ParsePowerTest : public testing::TestWithParam<PowerCase> {};

TEST_P(ParsePowerTest, GivesWattsOrRefuses) {
  const auto power_w = ParsePowerW(GetParam().text);
  ASSERT_EQ(power_w.ok(), GetParam().want_w.has_value()) << power_w.status();
  if (power_w.ok()) {
    EXPECT_DOUBLE_EQ(*power_w, *GetParam().want_w);
  } else {
    EXPECT_THAT(std::string(power_w.status().message()), HasSubstr("write 500, 500W or 0.5kW"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Arguments, ParsePowerTest,
    testing::Values(
        PowerCase{"BareNumberIsWatts", "500", 500.0}, PowerCase{"NegativeIsTheOtherDirection", "-300", -300.0},
        PowerCase{"PlusIsAllowed", "+35", 35.0}, PowerCase{"WattsMayBeNamed", "500W", 500.0},
        PowerCase{"ABlankBeforeTheUnit", "500 W", 500.0}, PowerCase{"Kilowatts", "1.2kW", 1200.0},
        PowerCase{"NegativeKilowatts", "-0.5kW", -500.0}, PowerCase{"Zero", "0", 0.0},
        PowerCase{"NothingIsNoPower", "", std::nullopt}, PowerCase{"ASignIsNoPower", "-", std::nullopt},
        PowerCase{"TwoSigns", "+-5", std::nullopt}, PowerCase{"MegawattsAreATypingError", "5MW", std::nullopt},
        PowerCase{"MilliwattsToo", "5mW", std::nullopt}, PowerCase{"EnergyIsNotPower", "5kWh", std::nullopt},
        PowerCase{"DecimalCommaIsNotGuessed", "1,5kW", std::nullopt}, PowerCase{"TwoPoints", "1.2.3", std::nullopt},
        PowerCase{"NotANumber", "nan", std::nullopt}, PowerCase{"Infinity", "inf", std::nullopt},
        PowerCase{"Hexadecimal", "0x10", std::nullopt}, PowerCase{"Exponent", "1e3", std::nullopt},
        PowerCase{"LeadingBlank", " 5", std::nullopt}, PowerCase{"UnitOnly", "W", std::nullopt}),
    [](const auto& info) { return info.param.name; });

struct DurationCase {
  const char* name;
  const char* text;
  std::optional<int64_t> want_ms;
};

class ParseDurationTest : public testing::TestWithParam<DurationCase> {};

TEST_P(ParseDurationTest, GivesTimeOrRefuses) {
  const auto time = ParseDuration(GetParam().text);
  ASSERT_EQ(time.ok(), GetParam().want_ms.has_value()) << time.status();
  if (time.ok()) {
    EXPECT_EQ(*time, milliseconds(*GetParam().want_ms));
  } else {
    EXPECT_THAT(std::string(time.status().message()), HasSubstr("write 90s, 10m"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Arguments, ParseDurationTest,
    testing::Values(DurationCase{"BareNumberIsSeconds", "90", 90'000}, DurationCase{"Seconds", "1.5s", 1500},
                    DurationCase{"Milliseconds", "250ms", 250}, DurationCase{"Minutes", "10m", 600'000},
                    DurationCase{"MinutesInFull", "10min", 600'000}, DurationCase{"Hours", "2h", 7'200'000},
                    DurationCase{"Days", "7d", 604'800'000}, DurationCase{"Together", "1h30m", 5'400'000},
                    DurationCase{"TogetherWithBlanks", "1h 30 m", 5'400'000},
                    DurationCase{"SecondPartNeedsAUnit", "1h30", std::nullopt},
                    DurationCase{"ZeroIsNoTime", "0s", std::nullopt},
                    DurationCase{"NegativeIsNoTime", "-5m", std::nullopt}, DurationCase{"Nothing", "", std::nullopt},
                    DurationCase{"UnitOnly", "m", std::nullopt}, DurationCase{"UnknownUnit", "5y", std::nullopt},
                    DurationCase{"EndlessIsRefused", "99999999999999999999d", std::nullopt}),
    [](const auto& info) { return info.param.name; });

TEST(ParsePercentTest, TakesPercentAndRefusesShares) {
  EXPECT_DOUBLE_EQ(ParsePercent("80").value(), 0.8);
  EXPECT_DOUBLE_EQ(ParsePercent("80%").value(), 0.8);
  EXPECT_DOUBLE_EQ(ParsePercent("12.5 %").value(), 0.125);
  EXPECT_THAT(std::string(ParsePercent("0.8").status().message()), HasSubstr("did you mean 80%?"));
  for (const char* const bad : {"100", "0", "-5", "80W", "", "nan"}) EXPECT_FALSE(ParsePercent(bad).ok()) << bad;
}

TEST(ParseCountTest, TakesWholeNumbersAboveZero) {
  EXPECT_EQ(ParseCount("3").value(), 3);
  for (const char* const bad : {"0", "-1", "3.5", "3x", "", "99999999999"}) EXPECT_FALSE(ParseCount(bad).ok()) << bad;
}

TEST(ClosestTest, FindsSlipsAndLeavesStrangersAlone) {
  const std::string_view verbs[] = {"status", "watch", "top", "target", "clear-fault"};
  EXPECT_EQ(Closest("statsu", verbs), "status");
  EXPECT_EQ(Closest("stat", verbs), "status");
  EXPECT_EQ(Closest("clearfault", verbs), "clear-fault");
  EXPECT_EQ(Closest("tpo", verbs), "");  // two edits are too many for three letters
  EXPECT_EQ(Closest("explode", verbs), "");
  EXPECT_EQ(Closest("", verbs), "");
}

constexpr Option kOptions[] = {{"lease", "TIME", ""}, {"until-soc", "PERCENT", ""}, {"json", "", ""}};

absl::StatusOr<CommandLine> Parse(const std::vector<std::string>& arguments) {
  return ParseCommandLine(arguments, kOptions);
}

TEST(ParseCommandLineTest, SeparatesWordsFromOptions) {
  const auto line = Parse({"-200", "--lease", "10m", "--json", "b"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_THAT(line->words, ElementsAre("-200", "b"));
  EXPECT_EQ(line->Get("lease", ""), "10m");
  EXPECT_TRUE(line->Has("json"));
  EXPECT_FALSE(line->Has("until-soc"));
}

TEST(ParseCommandLineTest, AcceptsUnderscoresForHyphensAndEqualsSigns) {
  for (const char* const option : {"--until-soc=80%", "--until_soc=80%"}) {
    const auto line = Parse({option});
    ASSERT_TRUE(line.ok()) << line.status();
    EXPECT_EQ(line->Get("until-soc", ""), "80%");
  }
  const auto line = Parse({"--lease=-1"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->Get("lease", ""), "-1");
}

TEST(ParseCommandLineTest, EndsOptionsAtTwoDashes) {
  const auto line = Parse({"--", "--json", "-x"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_THAT(line->words, ElementsAre("--json", "-x"));
}

struct BadLineCase {
  const char* name;
  std::vector<std::string> arguments;
  const char* message;
};

class BadLineTest : public testing::TestWithParam<BadLineCase> {};

TEST_P(BadLineTest, IsRefusedWithASentence) {
  const auto line = Parse(GetParam().arguments);
  ASSERT_FALSE(line.ok());
  EXPECT_EQ(std::string(line.status().message()), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Arguments, BadLineTest,
    testing::Values(
        BadLineCase{"UnknownOption", {"--laese", "1m"}, "there is no option --laese; did you mean --lease?"},
        BadLineCase{"MistypedLongOption", {"--until_sock", "8"}, "there is no option --until-sock; did you mean --until-soc?"},
        BadLineCase{"StrangeOption", {"--colour"}, "there is no option --colour"},
        BadLineCase{"SingleLetter", {"-j"}, "there is no option -j; options start with --"},
        BadLineCase{"ValueMissing", {"--lease"}, "--lease needs a value: --lease TIME"},
        BadLineCase{"ValueEmpty", {"--lease="}, "--lease needs a value: --lease TIME"},
        BadLineCase{"ValueTooMuch", {"--json=yes"}, "--json takes no value"},
        BadLineCase{"Twice", {"--json", "--json"}, "--json is given twice"}),
    [](const auto& info) { return info.param.name; });

TEST(FirstWordTest, SkipsOptionsAndTheirValues) {
  const std::vector<std::string> arguments = {"--lease", "1m", "--json", "--until_soc=80", "target", "5"};
  EXPECT_EQ(FirstWord(arguments, kOptions), 4U);
  EXPECT_EQ(FirstWord(std::vector<std::string>{"--json"}, kOptions), 1U);
}

}  // namespace
}  // namespace abcds
