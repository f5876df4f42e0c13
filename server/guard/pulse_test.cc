#include "server/guard/pulse.h"

#include <gtest/gtest.h>

namespace abcds {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr MonotonicTime kStart = MonotonicTime() + 1000s;

TEST(PulseTest, BeatsWhileStartingButNotForEver) {
  Pulse pulse(kStart);
  EXPECT_EQ(pulse.At({}, kStart + 20s), Beat::kStarting);
  EXPECT_EQ(pulse.At({}, kStart + 20s + 1ms), std::nullopt);
}

TEST(PulseTest, BeatsWhileCyclesGoOn) {
  Pulse pulse(kStart);
  MonotonicTime now = kStart;
  for (uint64_t cycle = 0; cycle < 300; ++cycle, now += 100ms) {
    EXPECT_EQ(pulse.At({.phase = Beat::kRunning, .cycles = cycle, .main_alive_at = now}, now), Beat::kRunning);
  }
}

TEST(PulseTest, StopsWithTheControlThreadAndComesBackWithIt) {
  Pulse pulse(kStart);
  const auto at = [&](uint64_t cycles, Nanoseconds time) {
    return pulse.At({.phase = Beat::kRunning, .cycles = cycles, .main_alive_at = kStart + time}, kStart + time);
  };
  EXPECT_EQ(at(1, 0ms), Beat::kRunning);
  EXPECT_EQ(at(7, 100ms), Beat::kRunning);
  EXPECT_EQ(at(7, 800ms), Beat::kRunning);
  EXPECT_EQ(at(7, 801ms), std::nullopt);
  EXPECT_EQ(at(8, 900ms), Beat::kRunning);
}

TEST(PulseTest, StopsWithTheMainThread) {
  Pulse pulse(kStart);
  const auto at = [&](uint64_t cycles, Nanoseconds time) {
    return pulse.At({.phase = Beat::kRunning, .cycles = cycles, .main_alive_at = kStart}, kStart + time);
  };
  EXPECT_EQ(at(1, 0ms), Beat::kRunning);
  EXPECT_EQ(at(2, 5s), Beat::kRunning);
  EXPECT_EQ(at(3, 5s + 1ms), std::nullopt);
}

TEST(PulseTest, AnEndNeedsNoCyclesButHasItsTime) {
  Pulse pulse(kStart);
  const auto at = [&](Beat phase, Nanoseconds time) {
    return pulse.At({.phase = phase, .cycles = 5, .main_alive_at = kStart}, kStart + time);
  };
  EXPECT_EQ(at(Beat::kRunning, 0s), Beat::kRunning);
  EXPECT_EQ(at(Beat::kEnding, 1s), Beat::kEnding);
  EXPECT_EQ(at(Beat::kEnding, 5s), Beat::kEnding);
  EXPECT_EQ(at(Beat::kEnding, 5s + 1ms), std::nullopt);
}

}  // namespace
}  // namespace abcds
