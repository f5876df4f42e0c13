#include "hal/rt/realtime_scope.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace abcds {
namespace {

TEST(RealtimeScopeTest, NestsAndEnds) {
  EXPECT_FALSE(RealtimeScope::Active());
  {
    RealtimeScope outer;
    {
      RealtimeScope inner;
    }
    EXPECT_TRUE(RealtimeScope::Active());
  }
  EXPECT_FALSE(RealtimeScope::Active());
}

TEST(AllocationTrapDeathTest, AbortsOnEveryWayToTheHeap) {
  void* volatile block = std::malloc(16);
  EXPECT_DEATH({ RealtimeScope scope; block = std::malloc(16); }, "malloc called inside a RealtimeScope");
  EXPECT_DEATH({ RealtimeScope scope; block = std::calloc(2, 8); }, "calloc called inside a RealtimeScope");
  EXPECT_DEATH({ RealtimeScope scope; block = std::realloc(block, 32); }, "realloc called inside a RealtimeScope");
  EXPECT_DEATH({ RealtimeScope scope; std::free(block); }, "free called inside a RealtimeScope");
  EXPECT_DEATH({ RealtimeScope scope; block = new char[100]; }, "malloc called inside a RealtimeScope");
  std::free(block);
}

TEST(AllocationTrapTest, LeavesOrdinaryCodeAlone) {
  const auto text = std::make_unique<std::string>(1000, 'x');
  RealtimeScope scope;
  EXPECT_EQ(text->size(), 1000u);
}

}  // namespace
}  // namespace abcds
