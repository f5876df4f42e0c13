#include "hal/rt/mailbox.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>

namespace abcds {
namespace {

TEST(MailboxTest, InitialValueUntilTheFirstPublish) {
  Mailbox<int> box(7);
  EXPECT_EQ(box.Latest(), 7);
  box.Publish(8);
  EXPECT_EQ(box.Latest(), 8);
  EXPECT_EQ(box.Latest(), 8);
}

TEST(MailboxTest, NewestWins) {
  Mailbox<int> box(0);
  for (int i = 1; i <= 5; ++i) box.Publish(i);
  EXPECT_EQ(box.Latest(), 5);
}

// A value as large as several cache lines: a torn copy would show as words that differ.
struct Wide {
  uint64_t words[32];
};

TEST(MailboxTest, TwoThreadsNeverSeeATornOrOlderValue) {
  constexpr uint64_t kLast = 200'000;
  Mailbox<Wide> box(Wide{});
  std::thread writer([&box] {
    Wide value{};
    for (uint64_t i = 1; i <= kLast; ++i) {
      for (uint64_t& word : value.words) word = i;
      box.Publish(value);
    }
  });
  uint64_t newest = 0;
  while (newest < kLast) {
    const Wide& value = box.Latest();
    for (const uint64_t word : value.words) ASSERT_EQ(word, value.words[0]) << "torn";
    ASSERT_GE(value.words[0], newest) << "went back";
    newest = value.words[0];
  }
  writer.join();
}

}  // namespace
}  // namespace abcds
