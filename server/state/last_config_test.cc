#include "server/state/last_config.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace abcds {
namespace {

class LastConfigTest : public testing::Test {
 protected:
  LastConfigTest() {
    std::string name = testing::TempDir() + "last-config-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~LastConfigTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(LastConfigTest, KeepsTheNewestForItsOwnerOnly) {
  const LastConfig last(folder_ / "state", folder_ / "abcds.textproto");
  EXPECT_EQ(last.Read().status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(last.Keep("one").ok());
  ASSERT_TRUE(last.Keep("two").ok());
  EXPECT_EQ(last.Read().value_or(""), "two");
  struct stat file{};
  ASSERT_EQ(stat(last.path().c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u) << "a configuration may hold passwords";
}

TEST_F(LastConfigTest, WritesNothingWhereItIsKeptAlready) {
  const LastConfig last(folder_, "abcds.textproto");
  ASSERT_TRUE(last.Keep("one").ok());
  struct stat before{};
  ASSERT_EQ(stat(last.path().c_str(), &before), 0);
  ASSERT_TRUE(last.Keep("one").ok());
  struct stat after{};
  ASSERT_EQ(stat(last.path().c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(LastConfigTest, FileIsKnownByItsPathHoweverThatIsWritten) {
  const std::string path = folder_ / "site/abcds.textproto";
  std::filesystem::create_directories(folder_ / "site/deeper");
  std::filesystem::create_directory_symlink(folder_ / "site", folder_ / "link");
  const auto kept_at = [this](const std::filesystem::path& config) { return LastConfig(folder_, config).path(); };
  const std::string missing = kept_at(path);
  std::ofstream(path) << "there";
  EXPECT_EQ(kept_at(path), missing) << "also while it is missing";
  EXPECT_EQ(kept_at(folder_ / "site/deeper/../abcds.textproto"), missing);
  EXPECT_EQ(kept_at(folder_ / "link/abcds.textproto"), missing);
  EXPECT_NE(kept_at(folder_ / "site/other.textproto"), missing);
  EXPECT_NE(kept_at(folder_ / "abcds.textproto"), missing) << "another folder, the same name";
}

TEST_F(LastConfigTest, WithoutADirectoryNothingIsKeptAndNothingFails) {
  const LastConfig last("", "abcds.textproto");
  EXPECT_TRUE(last.Keep("one").ok());
  EXPECT_EQ(last.Read().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(LastConfigTest, DirectoryThatCannotBeIsSaid) {
  std::ofstream(folder_ / "file") << "no folder";
  const absl::Status kept = LastConfig(folder_ / "file", "abcds.textproto").Keep("one");
  EXPECT_FALSE(kept.ok());
  EXPECT_NE(kept.message().find("file"), std::string::npos) << kept;
}

}  // namespace
}  // namespace abcds
