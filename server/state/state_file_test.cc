#include "server/state/state_file.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace abcds {
namespace {

using testing::HasSubstr;

class StateFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/state.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  static void SetWrites(KeptState& state, uint64_t writes) { state.devices["a"].writes = writes; }
  void Write(const std::string& text) { std::ofstream(StateFile(directory_, "home").path()) << text; }

  std::string directory_;
};

TEST_F(StateFileTest, KeepsWhatWasPutIn) {
  const StateFile file(directory_, "home");
  ASSERT_TRUE(file.Update([](KeptState& state) { SetWrites(state, 7); }).ok());
  ASSERT_TRUE(file.Update([](KeptState& state) { state.charging_disabled_since = WallTime(); }).ok());
  const absl::StatusOr<KeptState> read = StateFile(directory_, "home").Read();
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->devices.at("a").writes, 7u);
  EXPECT_EQ(read->charging_disabled_since, WallTime());
  EXPECT_TRUE(StateFile(directory_, "other").Read()->devices.empty()) << "sites do not mix";
}

TEST_F(StateFileTest, NothingKeptYetIsEmpty) {
  EXPECT_EQ(*StateFile(directory_, "home").Read(), KeptState{});
  EXPECT_EQ(*StateFile(directory_ + "/none/such", "home").Read(), KeptState{});
}

TEST_F(StateFileTest, WithoutADirectoryNothingIsKeptAndNothingFails) {
  const StateFile file("", "home");
  EXPECT_TRUE(file.Update([](KeptState& state) { SetWrites(state, 7); }).ok());
  EXPECT_EQ(*file.Read(), KeptState{});
}

TEST_F(StateFileTest, MakesItsDirectoryButNoPath) {
  EXPECT_TRUE(StateFile(directory_ + "/new", "home").Update([](KeptState&) {}).ok());
  const absl::Status status = StateFile(directory_ + "/none/such", "home").Update([](KeptState&) {});
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot make " + directory_ + "/none/such"));
}

TEST_F(StateFileTest, GarbageIsPutAsideAndSaid) {
  Write("{\"half\": ");
  const StateFile file(directory_, "home");
  const absl::StatusOr<KeptState> read = file.Read();
  ASSERT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("it is now " + file.path() + ".bad"));
  EXPECT_EQ(access((file.path() + ".bad").c_str(), F_OK), 0);
  EXPECT_EQ(*file.Read(), KeptState{}) << "the next start is a fresh one";
}

TEST_F(StateFileTest, WhatCannotBeReadNowIsNotReplaced) {
  const StateFile file(directory_, "home");
  // A directory of that name can be opened, but not read.
  ASSERT_EQ(mkdir(file.path().c_str(), 0700), 0);
  const absl::Status status = file.Update([](KeptState& state) { SetWrites(state, 8); });
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot read " + file.path() + ": Is a directory"));
  EXPECT_FALSE(file.Read().ok());
}

TEST_F(StateFileTest, FullDiskLeavesTheOldFile) {
  const StateFile file(directory_, "home");
  ASSERT_TRUE(file.Update([](KeptState& state) { SetWrites(state, 7); }).ok());
  // A device that is always full stands in for the disk.
  ASSERT_EQ(symlink("/dev/full", (file.path() + ".next").c_str()), 0);
  const absl::Status status = file.Update([](KeptState& state) { SetWrites(state, 8); });
  EXPECT_THAT(std::string(status.message()), HasSubstr("No space left on device"));
  EXPECT_EQ(file.Read()->devices.at("a").writes, 7u);
  EXPECT_TRUE(file.Update([](KeptState& state) { SetWrites(state, 9); }).ok()) << "and goes on once there is room";
  EXPECT_EQ(file.Read()->devices.at("a").writes, 9u);
}

// Two writers at once lose nothing of each other; a writer killed at any moment leaves what it had, or what it was about
// to have.
TEST_F(StateFileTest, WritersKilledAtRandomMomentsLeaveTheOldOrTheNewState) {
  const StateFile file(directory_, "home");
  std::mt19937 random(testing::UnitTest::GetInstance()->random_seed());
  uint64_t least = 0;
  for (int round = 0; round < 60; ++round) {
    int progress[2];
    ASSERT_EQ(pipe(progress), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (;;) {
        uint64_t writes = 0;
        if (!file.Update([&](KeptState& state) { writes = ++state.devices["a"].writes; }).ok()) _exit(1);
        if (write(progress[1], &writes, sizeof(writes)) != sizeof(writes)) _exit(1);
      }
    }
    close(progress[1]);
    // Not before it has finished one, so that there is an old state.
    uint64_t finished = 0;
    ASSERT_EQ(read(progress[0], &finished, sizeof(finished)), static_cast<ssize_t>(sizeof(finished)));
    usleep(static_cast<useconds_t>(random() % 2000));
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    while (read(progress[0], &finished, sizeof(finished)) == static_cast<ssize_t>(sizeof(finished))) {
    }
    close(progress[0]);
    const absl::StatusOr<KeptState> state = file.Read();
    ASSERT_TRUE(state.ok()) << state.status();
    const uint64_t writes = state->devices.at("a").writes;
    EXPECT_GT(writes, least);
    EXPECT_TRUE(writes == finished || writes == finished + 1) << writes << " after " << finished;
    least = writes;
  }
}

}  // namespace
}  // namespace abcds
