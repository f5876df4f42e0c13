#include "server/main/hang_watch.h"

#include <gtest/gtest.h>

#include <array>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

constexpr MonotonicTime kStart{std::chrono::hours(1)};

ThreadProgress WentOnAt(MonotonicTime at) {
  Progress progress;
  progress.GoOn(at);
  return progress.Now();
}

TEST(HangWatchTest, NamesTheOneThatIsOverdueAtTwoLooks) {
  HangWatch watch;
  for (int second = 0; second < 20; ++second) {
    const MonotonicTime now = kStart + 1s * second;
    const std::array threads = {WentOnAt(now), WentOnAt(kStart), WentOnAt(kStart)};
    const std::optional<size_t> hangs = watch.Look(threads, now);
    // Overdue after five seconds, so seen at the sixth, and believed at the seventh.
    EXPECT_EQ(hangs, second < 7 ? std::nullopt : std::optional<size_t>(1)) << second << " s";
  }
}

TEST(HangWatchTest, ProcessThatWasStoppedHangsNowhere) {
  HangWatch watch;
  EXPECT_EQ(watch.Look(std::array{WentOnAt(kStart)}, kStart), std::nullopt);
  EXPECT_EQ(watch.Look(std::array{WentOnAt(kStart)}, kStart + 60s), std::nullopt);
  EXPECT_EQ(watch.Look(std::array{WentOnAt(kStart + 60s)}, kStart + 61s), std::nullopt);
  // And again: one look each is not two.
  EXPECT_EQ(watch.Look(std::array{WentOnAt(kStart + 61s)}, kStart + 120s), std::nullopt);
}

TEST(HangWatchTest, ThreadThatMayTakeLongIsGivenItsTime) {
  Progress progress;
  progress.GoOn(kStart, Progress::kLongPatience);
  HangWatch watch;
  for (int second = 0; second < 100; ++second) {
    EXPECT_EQ(watch.Look(std::array{progress.Now()}, kStart + 1s * second).has_value(), second >= 62) << second << " s";
  }
}

TEST(HangWatchTest, ThreadThatDoesNotRunIsNotWatched) {
  Progress progress;
  HangWatch watch;
  const auto look = [&] { return watch.Look(std::array{progress.Now()}, kStart + 100s); };
  EXPECT_FALSE(look() || look());
  progress.GoOn(kStart);
  progress.End();
  EXPECT_FALSE(look() || look());
}

}  // namespace
}  // namespace abcds
