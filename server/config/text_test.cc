#include "server/config/text.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace abcds {
namespace {

std::vector<std::string> Read(const std::string& text, ConfigText* result = nullptr) {
  Problems problems("site");
  ConfigText own;
  ConfigText& read = result == nullptr ? own : *result;
  ReadConfigText(text, read, problems);
  return problems.Lines();
}

struct Case {
  const char* name;
  const char* text;
  std::vector<std::string> lines;
};

class ReadConfigTextTest : public testing::TestWithParam<Case> {};

TEST_P(ReadConfigTextTest, Reports) { EXPECT_EQ(Read(GetParam().text), GetParam().lines); }

const char kBroker[] = R"(meter { mqtt { broker {
  host: "a"
  password: 12345
} } })";

INSTANTIATE_TEST_SUITE_P(
    Bad, ReadConfigTextTest,
    testing::Values(
        Case{"NothingInAGoodFile", "site: \"home\" # a comment { \"\nmeter { house {} }\n", {}},
        Case{"UnknownFieldWithItsNearestName",
             "battery {\n  cels: 8\n}\n",
             {"site:2:3: battery.cels is not a known field; did you mean \"cells\"?"}},
        Case{"UnknownFieldWithNothingNear",
             "bus { colour: 3 }\n",
             {"site:1:7: bus[0].colour is not a known field; known here: name, port, baud"}},
        Case{"UnknownBlockIsSkippedAsAWhole",
             "webserver { port: 9000 tls { on: true } }\nsite: \"home\"\n",
             {"site:1:1: webserver is not a known field; known here: site, bus, can_bus, meter, converter, bms, "
              "battery, regulation, real_time, services"}},
        Case{"AllUnknownFieldsAtOnce",
             "sit: \"home\"\nbattery { cells: 8 }\nregulation { target: 3 }\n",
             {"site:1:1: sit is not a known field; did you mean \"site\"?",
              "site:3:14: regulation.target is not a known field; did you mean \"target_w\"?"}},
        Case{"TheSecondConverterIsNumberOne",
             "converter { name: \"a\" }\nconverter {\n  lumentree {\n    buss: \"x\"\n  }\n}\n",
             {"site:4:5: converter[1].lumentree.buss is not a known field; did you mean \"bus\"?"}},
        Case{"TextWhereANumberBelongs",
             "battery {\n  cells: \"eight\"\n}\n",
             {"site:2:3: battery.cells = \"eight\" must be a whole number in [1, 64]"}},
        Case{"FractionOfACell",
             "battery { cells: 8.5 }\n",
             {"site:1:11: battery.cells = 8.5 must be a whole number in [1, 64]"}},
        Case{"NegativeWhereOnlyPositiveFits",
             "battery { cells: -8 }\n",
             {"site:1:11: battery.cells = -8 must be a whole number in [1, 64]"}},
        Case{"NumberLargerThanAnyWholeNumber",
             "real_time { period_ms: 5000000000 }\n",
             {"site:1:13: real_time.period_ms = 5000000000 must be a whole number in [1, 200]"}},
        Case{"UnknownModel",
             "converter {\n  lumentree {\n    model: MODEL_1200\n    address: 1\n  }\n}\n",
             {"site:3:5: converter[0].lumentree.model = MODEL_1200 must be one of MODEL_600, MODEL_1000, MODEL_2000"}},
        Case{"TextWithoutQuotes",
             "meter { mqtt {\n  topic: tele/meter\n} }\n",
             {"site:2:3: meter.mqtt.topic = tele/meter must be text in quotes"}},
        Case{"NeitherTrueNorFalse",
             "regulation { lead: maybe }\n",
             {"site:1:14: regulation.lead = maybe must be true or false"}},
        Case{"ValueWhereABlockBelongs",
             "battery: 8\nsite: 3\n",
             {"site:1:1: battery = 8 must be a block in { }", "site:2:1: site = 3 must be text in quotes"}},
        Case{"FieldTwice",
             "battery {\n  cells: 8\n  cells: 16\n}\n",
             {"site:3:3: battery.cells is given more than once"}},
        Case{"BlockTwice", "battery {\n}\nbattery {\n  cells: 16\n}\n", {"site:3:1: battery is given more than once"}},
        Case{"TwoDevicesInOne",
             "meter {\n  house {}\n  mqtt {}\n}\n",
             {"site:3:3: meter.mqtt is a second device here; only one can be given"}},
        Case{"SeveralUnreadableValues",
             "battery {\n  cells: x\n  capacity_ah: \"y\"\n}\nregulation { lead: 3 target_w: z }\n",
             {"site:2:3: battery.cells = x must be a whole number in [1, 64]",
              "site:3:3: battery.capacity_ah = \"y\" must be a number in [1, 10000]",
              "site:5:14: regulation.lead = 3 must be true or false",
              "site:5:22: regulation.target_w = z must be a number in [-20000, 20000]"}},
        Case{"NumberOfAModelThatIsNoName",
             "converter {\n  lumentree { model: 2000 }\n}\nconverter { switched_charger { kind: 2 } }\n",
             {"site:2:15: converter[0].lumentree.model = 2000 must be one of MODEL_600, MODEL_1000, MODEL_2000",
              "site:4:32: converter[1].switched_charger.kind = 2 must be one of KIND_TASMOTA, KIND_SHELLY_GEN1, "
              "KIND_SHELLY_GEN2"}},
        Case{"NumberThatNoModelHas",
             "converter { lumentree { model: -9 } }\n",
             {"site:1:25: converter[0].lumentree.model = -9 must be one of MODEL_600, MODEL_1000, MODEL_2000"}},
        Case{"DecimalComma",
             "meter {\n  interval_s: 0,5\n  latency_s: 0,75 averaging_s: -1,25\n}\n",
             {"site:2:3: meter.interval_s = 0,5: write 0.5", "site:3:3: meter.latency_s = 0,75: write 0.75",
              "site:3:19: meter.averaging_s = -1,25: write -1.25"}},
        Case{"CommaThatMayMeanThousands",
             "regulation { target_w: 1,500 }\n",
             {"site:1:14: regulation.target_w = 1,500 must be a number in [-20000, 20000]"}},
        Case{"CommaInAWholeNumber",
             "battery { cells: 8,5 }\n",
             {"site:1:11: battery.cells = 8,5 must be a whole number in [1, 64]"}},
        Case{"CommasBetweenFieldsAreFine", "battery { cells: 8, capacity_ah: 100.5, }\n", {}},
        Case{"MissingBrace",
             "site: \"x\"\nbattery {\n  cells: 8\n# the end\n",
             {"site:5:1: the file ends within the block battery of line 2: a } is missing"}},
        Case{"MissingBraceBeforeTheNextBlocks",
             "bus {\n  name: \"x\"\nmeter { house {} }\nbattery { cells: 8 }\n",
             {"site:3:1: bus[0].meter is not a known field; meter stands in no other block: is a } missing before line "
              "3?",
              "site:5:1: the file ends within the block bus of line 1: a } is missing"}},
        Case{"TheOriginalsFile",
             "# ABCDs\n\n[DEFAULT]\nloglevel = 20\n[Setup]\nbat_cells = 8\n",
             {"site:3:1: this looks like the BSsetup.conf of the original ABCDs, which this version does not read yet: "
              "start from `abcdsctl config print lumentree+mqtt`, with your devices in place of these two"}},
        Case{"StrayBrace", "site: \"x\"\n}\n", {"site:2:1: syntax error: Expected identifier"}},
        Case{"NotTextFormatAtAll",
             "loglevel = 20\n",
             {"site:1:1: loglevel is not a known field; known here: site, bus, can_bus, meter, converter, bms, battery, "
              "regulation, real_time, services",
              "site:1:10: syntax error: Expected \"{\""}},
        Case{"PasswordIsNeverRepeated", kBroker, {"site:3:3: meter.mqtt.broker.password must be text in quotes"}}),
    [](const auto& info) { return info.param.name; });

TEST(ReadConfigText, PasswordIsNotInASyntaxErrorEither) {
  for (const char* text :
       {"meter { mqtt { broker { password \"hunter2\" } } }", "meter { mqtt { broker { \"hunter2\" } } }",
        "meter { mqtt { broker { password: hunter2 } } }", "meter { mqtt { broker { password: \"hunter2 } } }",
        "meter { mqtt { broker { password: { hunter2: \"hunter2\" } } } }"}) {
    const auto lines = Read(text);
    ASSERT_FALSE(lines.empty()) << text;
    for (const std::string& line : lines) EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
  }
}

TEST(ReadConfigText, WhatIsReadableIsThere) {
  ConfigText read;
  Read("battery {\n  cells: x\n  capacity_ah: 100\n}\n", &read);
  EXPECT_TRUE(read.complete);
  EXPECT_FALSE(read.config.battery().has_cells());
  EXPECT_EQ(read.config.battery().capacity_ah(), 100);
  EXPECT_EQ(read.unreadable.count("battery.cells"), 1u);
}

TEST(ReadConfigText, NothingIsCertainAfterASyntaxError) {
  ConfigText read;
  Read("battery {\n", &read);
  EXPECT_FALSE(read.complete);
}

// Total: every text, cut anywhere, gets an answer, and what is not complete is a problem.
TEST(ReadConfigText, EveryPrefixGetsAnAnswer) {
  const std::string text =
      "site: 'home' # {\nbus { name: \"s\" port: \"/dev/x\" baud: 9600 }\nconverter < lumentree { model: MODEL_600 } "
      ">\n"
      "meter { mqtt { broker { host: \"h\" tls {} } json_path: \"[\\\"1.7.0\\\"]\" } latency_s: 0x10 }\n";
  for (size_t length = 0; length <= text.size(); ++length) {
    ConfigText read;
    const auto lines = Read(text.substr(0, length), &read);
    EXPECT_TRUE(read.complete || !lines.empty()) << text.substr(0, length);
  }
}

}  // namespace
}  // namespace abcds
