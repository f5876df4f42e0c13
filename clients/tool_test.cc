#include "clients/tool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace abcds {
namespace {

using testing::HasSubstr;

class ToolTest : public testing::Test {
 protected:
  ToolTest() : folder_(testing::TempDir() + "/tool_test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ + "/clients");
    std::filesystem::create_directories(folder_ + "/server");
    std::filesystem::create_directories(folder_ + "/path");
  }

  // A program at `path` that does what `script` says.
  std::string Program(const std::string& path, const std::string& script) {
    const std::string file = folder_ + "/" + path;
    std::ofstream(file) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file;
  }

  const std::string folder_;
};

TEST_F(ToolTest, LooksInItsOwnFolderThenBesideThenInThePath) {
  const std::string search = "/nowhere:" + folder_ + "/path";
  const std::string own = folder_ + "/clients";
  EXPECT_THAT(std::string(FindAbcdsd("", own, search).status().message()), HasSubstr("say where it is with --abcdsd"));
  Program("path/abcdsd", "");
  EXPECT_EQ(FindAbcdsd("", own, search).value(), folder_ + "/path/abcdsd");
  Program("server/abcdsd", "");
  EXPECT_EQ(FindAbcdsd("", own, search).value(), own + "/../server/abcdsd");
  Program("clients/abcdsd", "");
  EXPECT_EQ(FindAbcdsd("", own, search).value(), own + "/abcdsd");
}

TEST_F(ToolTest, GivenPathIsTheOnlyOneTried) {
  Program("path/abcdsd", "");
  std::ofstream(folder_ + "/text") << "not a program";
  for (const std::string& given : {folder_ + "/none", folder_ + "/text", folder_ + "/server"}) {
    EXPECT_THAT(std::string(FindAbcdsd(given, "", folder_ + "/path").status().message()),
                HasSubstr("is not a program that can be run"));
  }
  EXPECT_EQ(FindAbcdsd(folder_ + "/path/abcdsd", "", "").value(), folder_ + "/path/abcdsd");
}

TEST_F(ToolTest, CollectsOutputErrorsAndExitCode) {
  const std::string program = Program("path/abcdsd", "echo \"out $1 $2\"; echo bad >&2; cat; exit 7");
  const std::vector<std::string> arguments = {"a b", "c"};
  const auto output = RunTool(program, arguments);
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->out, "out a b c\n");
  EXPECT_EQ(output->err, "bad\n");
  EXPECT_EQ(output->exit_code, 7);
}

TEST_F(ToolTest, LargeOutputOnBothPipesDoesNotHang) {
  const std::string program = Program("path/abcdsd", "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero");
  const auto output = RunTool(program, {});
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->out.size(), 300000U);
  EXPECT_EQ(output->err.size(), 300000U);
}

TEST_F(ToolTest, KilledToolIsAnError) {
  const auto output = RunTool(Program("path/abcdsd", "kill -9 $$"), {});
  EXPECT_THAT(std::string(output.status().message()), HasSubstr("was killed by signal 9"));
}

TEST_F(ToolTest, MissingProgramIsAnError) {
  EXPECT_THAT(std::string(RunTool(folder_ + "/none", {}).status().message()), HasSubstr("cannot run"));
  EXPECT_THAT(std::string(Become(folder_ + "/none", {}).message()), HasSubstr("cannot run"));
}

}  // namespace
}  // namespace abcds
