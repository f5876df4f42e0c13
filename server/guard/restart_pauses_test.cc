#include "server/guard/restart_pauses.h"

#include <gtest/gtest.h>

namespace abcds {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

TEST(RestartPausesTest, GrowWhileTheWorkerDiesYoung) {
  RestartPauses pauses;
  for (const Nanoseconds expected : {Nanoseconds(200ms), Nanoseconds(400ms), Nanoseconds(800ms), Nanoseconds(1600ms),
                                     Nanoseconds(3200ms), Nanoseconds(6400ms), Nanoseconds(12800ms),
                                     Nanoseconds(25600ms), Nanoseconds(30s), Nanoseconds(30s), Nanoseconds(30s)}) {
    EXPECT_EQ(pauses.After(4min), expected);
  }
}

TEST(RestartPausesTest, ALongLifeForgivesEverything) {
  RestartPauses pauses;
  for (int i = 0; i < 20; ++i) static_cast<void>(pauses.After(1s));
  EXPECT_EQ(pauses.After(5min), 200ms);
  EXPECT_EQ(pauses.After(1s), 400ms);
}

}  // namespace
}  // namespace abcds
