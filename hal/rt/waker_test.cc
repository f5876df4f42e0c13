#include "hal/rt/waker.h"

#include <gtest/gtest.h>

#include <thread>

#include "hal/rt/clock.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

TEST(WakerTest, WakesMergeAndAreSwallowed) {
  Waker waker;
  waker.Wake();
  waker.Wake();
  EXPECT_TRUE(waker.WaitUntil(MonotonicNow()));
  EXPECT_FALSE(waker.WaitUntil(MonotonicNow()));
}

TEST(WakerTest, TimesOutNotBeforeTheDeadline) {
  Waker waker;
  const MonotonicTime deadline = MonotonicNow() + 20ms;
  EXPECT_FALSE(waker.WaitUntil(deadline));
  EXPECT_GE(MonotonicNow(), deadline);
}

TEST(WakerTest, WakesASleepingThread) {
  Waker waker;
  std::thread sleeper([&waker] { EXPECT_TRUE(waker.WaitUntil(MonotonicNow() + 30s)); });
  waker.Wake();
  sleeper.join();
}

TEST(ClockTest, SleepsToTheAbsoluteTime) {
  const MonotonicTime when = MonotonicNow() + 10ms;
  SleepUntil(when);
  EXPECT_GE(MonotonicNow(), when);
  SleepUntil(when - 1s);  // has passed: returns at once
}

}  // namespace
}  // namespace abcds
