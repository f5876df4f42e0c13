#include "server/main/flags.h"

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "gtest/gtest.h"

ABSL_FLAG(std::string, some_file, "", "A file.");
ABSL_FLAG(bool, dry_run, false, "Does nothing.");

namespace abcds {
namespace {

struct Case {
  const char* name;
  std::vector<std::string> arguments;
  const char* problem;
  std::vector<std::string> prepared;
};

class PrepareFlagsTest : public testing::TestWithParam<Case> {};

TEST_P(PrepareFlagsTest, SaysWhatIsWrong) {
  std::vector<std::string> arguments = GetParam().arguments;
  std::string program = "abcdsd";
  std::vector<char*> argv = {program.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  EXPECT_EQ(PrepareFlags(FlagsOf("server/main/flags_test.cc"), static_cast<int>(argv.size()), argv.data()),
            GetParam().problem);
  EXPECT_EQ(arguments, GetParam().prepared.empty() ? GetParam().arguments : GetParam().prepared);
}

INSTANTIATE_TEST_SUITE_P(
    Flags, PrepareFlagsTest,
    testing::Values(
        Case{"Known", {"--some_file=x", "--dry_run", "-dry_run", "--nodry_run", "--some_file", "y"}, "", {}},
        Case{"HyphensAreUnderscores", {"--some-file=a-b", "--dry-run", "c-d"}, "", {"--some_file=a-b", "--dry_run", "c-d"}},
        Case{"ValueThatLooksLikeAFlag", {"--some_file", "--explode", "--dry_run"}, "", {}},
        Case{"NothingIsReadBehindTwoDashes", {"--", "--explode"}, "", {}},
        Case{"Mistyped", {"--dry_run", "--som_file", "x"}, "there is no flag --som_file; did you mean \"--some_file\"?", {}},
        Case{"Unknown", {"--explode"}, "there is no flag --explode; --help lists them", {}},
        Case{"NegativeOfNoSwitch", {"--nosome_file"}, "there is no flag --nosome_file; did you mean \"--some_file\"?", {}},
        Case{"ToolBehindOthers", {"--dry_run", "--tool"}, "--tool must be the first argument", {}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace abcds
