#include "server/state/state_keeper.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/state/safe_state_ledger.h"

namespace abcds {
namespace {

using testing::HasSubstr;

class StateKeeperTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/keeper.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  [[nodiscard]] StateFile File() const { return StateFile(directory_, "home"); }
  [[nodiscard]] std::unique_ptr<StateKeeper> Keeper() {
    auto keeper = std::make_unique<StateKeeper>(File(), [this](const std::string& sentence) {
      const std::lock_guard lock(mutex_);
      complaints_.push_back(sentence);
    });
    keeper->Start();
    return keeper;
  }
  // The count in the file, as soon as it is at least that.
  uint64_t FileWritesFrom(uint64_t least) {
    for (int i = 0; i < 10'000; ++i) {
      const uint64_t writes = FileWrites();
      if (writes >= least) return writes;
      usleep(1000);
    }
    return 0;
  }
  uint64_t FileWrites() { return File().Read()->devices["psu"].writes; }
  std::vector<std::string> complaints() {
    const std::lock_guard lock(mutex_);
    return complaints_;
  }

  std::string directory_;
  std::mutex mutex_;
  std::vector<std::string> complaints_;
};

TEST_F(StateKeeperTest, CountsExactlyOverAnOrderlyEnd) {
  {
    const auto keeper = Keeper();
    for (int i = 0; i < 100; ++i) keeper->AddWrites("psu", 1);
    EXPECT_EQ(keeper->Writes("psu"), 100u);
    EXPECT_EQ(keeper->Writes("other"), 0u);
  }
  EXPECT_EQ(Keeper()->Writes("psu"), 100u);
}

TEST_F(StateKeeperTest, TheFileRunsAheadSoThatACrashForgetsNothing) {
  const auto keeper = Keeper();
  keeper->AddWrites("psu", 1);
  EXPECT_EQ(FileWritesFrom(1), 1 + StateKeeper::kAhead);
  for (uint64_t i = 1; i < 1 + StateKeeper::kAhead - StateKeeper::kLeast; ++i) keeper->AddWrites("psu", 1);
  EXPECT_EQ(FileWrites(), 1 + StateKeeper::kAhead) << "not a disk write for each";
  keeper->AddWrites("psu", 1);
  EXPECT_GT(FileWritesFrom(2 + StateKeeper::kAhead), 1 + StateKeeper::kAhead) << "moved on in time";
}

TEST_F(StateKeeperTest, FactsAndWishesAreThereAtTheNextStart) {
  {
    const auto keeper = Keeper();
    keeper->Remember("psu", "lacks_eeprom_off");
    keeper->Change([](KeptState& state) {
      state.discharging_disabled_since = WallTime(std::chrono::seconds(7));
      state.latches.emplace("meter_disagrees", "");
    });
  }
  const auto keeper = Keeper();
  EXPECT_TRUE(keeper->Knows("psu", "lacks_eeprom_off"));
  EXPECT_FALSE(keeper->Knows("psu", "other"));
  EXPECT_FALSE(keeper->Knows("other", "lacks_eeprom_off"));
  EXPECT_EQ(keeper->state().discharging_disabled_since, WallTime(std::chrono::seconds(7)));
  EXPECT_EQ(keeper->state().charging_disabled_since, std::nullopt);
  EXPECT_EQ(keeper->state().latches.size(), 1u);
  EXPECT_THAT(complaints(), testing::IsEmpty());
}

TEST_F(StateKeeperTest, GarbageIsSaidAndDoesNotStopIt) {
  std::ofstream(File().path()) << "garbage";
  const auto keeper = Keeper();
  ASSERT_EQ(complaints().size(), 1u);
  EXPECT_THAT(complaints()[0], HasSubstr("start anew"));
  keeper->AddWrites("psu", 3);
  EXPECT_EQ(keeper->Writes("psu"), 3u);
}

TEST_F(StateKeeperTest, ADiskThatCannotBeWrittenIsSaidOnceAndHoldsUpNobody) {
  const std::string missing = directory_ + "/none/such";
  StateKeeper keeper(StateFile(missing, "home"), [this](const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    complaints_.push_back(sentence);
  });
  keeper.Start();
  for (int i = 0; i < 1000; ++i) keeper.AddWrites("psu", 1);
  EXPECT_EQ(keeper.Writes("psu"), 1000u);
  keeper.Stop();
  ASSERT_EQ(complaints().size(), 1u);
  EXPECT_THAT(complaints()[0], HasSubstr("cannot make " + missing));
  EXPECT_THAT(complaints()[0], HasSubstr("regulation goes on"));
}

TEST_F(StateKeeperTest, ManyThreadsLoseNoCount) {
  {
    const auto keeper = Keeper();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&keeper] {
        for (int i = 0; i < 500; ++i) keeper->AddWrites("psu", 1);
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(keeper->Writes("psu"), 2000u);
  }
  EXPECT_EQ(FileWrites(), 2000u);
}

TEST_F(StateKeeperTest, SafeStateAddsToWhatWasCounted) {
  {
    const auto keeper = Keeper();
    keeper->AddWrites("psu", 10);
    keeper->Change([](KeptState& state) { state.charging_disabled_since = WallTime(); });
  }
  SafeStateLedger one(File());
  SafeStateLedger two(File());
  one.AddWrites("psu", 2);
  two.AddWrites("psu", 1);
  two.Remember("psu", "seen");
  EXPECT_EQ(one.Writes("psu"), 12u);
  EXPECT_TRUE(two.Knows("psu", "seen"));
  EXPECT_EQ(FileWrites(), 10u) << "nothing touches the disk before 0 W is out";
  ASSERT_TRUE(one.Flush().ok());
  ASSERT_TRUE(two.Flush().ok());
  ASSERT_TRUE(two.Flush().ok()) << "counted once";
  const auto keeper = Keeper();
  EXPECT_EQ(keeper->Writes("psu"), 13u);
  EXPECT_TRUE(keeper->Knows("psu", "seen"));
  EXPECT_EQ(keeper->state().charging_disabled_since, WallTime()) << "the rest stays";
}

}  // namespace
}  // namespace abcds
