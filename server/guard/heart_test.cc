#include "server/guard/heart.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>

#include "hal/rt/clock.h"

namespace abcds {
namespace {

constexpr int kPatienceMs = 20'000;

class HeartTest : public testing::Test {
 protected:
  HeartTest() { EXPECT_EQ(pipe2(ends_, O_CLOEXEC | O_NONBLOCK), 0); }
  ~HeartTest() override {
    close(ends_[0]);
    close(ends_[1]);
  }

  // The next beat; 0 when none comes in time.
  char Next(int timeout_ms = kPatienceMs) {
    pollfd readable{.fd = ends_[0], .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, timeout_ms) <= 0) return 0;
    char beat = 0;
    return read(ends_[0], &beat, 1) == 1 ? beat : '\0';
  }

  // Beats until one of this phase comes.
  bool Becomes(Beat phase) {
    for (int i = 0; i < 50; ++i) {
      if (Next() == static_cast<char>(phase)) return true;
    }
    return false;
  }

  int ends_[2] = {-1, -1};
};

TEST_F(HeartTest, TellsEachPhase) {
  std::atomic<uint64_t> cycles{0};
  Heart heart(ends_[1]);
  EXPECT_EQ(Next(), static_cast<char>(Beat::kStarting));
  heart.Run([&cycles] { return ++cycles; });
  EXPECT_TRUE(Becomes(Beat::kRunning));
  heart.MainIsAlive();
  heart.End();
  EXPECT_TRUE(Becomes(Beat::kEnding));
}

TEST_F(HeartTest, FallsSilentWithTheCycle) {
  Heart heart(ends_[1]);
  heart.Run([] { return uint64_t{7}; });
  const MonotonicTime begin = MonotonicNow();
  while (Next(1000) != 0) {
    ASSERT_LT(MonotonicNow() - begin, std::chrono::seconds(20)) << "it beats without a cycle";
  }
}

TEST_F(HeartTest, AFullPipeDoesNotHoldItUp) {
  const char byte = 'x';
  while (write(ends_[1], &byte, 1) == 1) {
  }
  { Heart heart(ends_[1]); }
  SUCCEED() << "the thread has ended";
}

TEST_F(HeartTest, WithoutAGuardThereIsNoThread) {
  Heart heart(-1);
  heart.Run([] { return uint64_t{1}; });
  heart.End();
  EXPECT_EQ(Next(300), 0);
}

}  // namespace
}  // namespace abcds
