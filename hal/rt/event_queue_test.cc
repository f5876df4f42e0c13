#include "hal/rt/event_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace abcds {
namespace {

TEST(EventQueueTest, KeepsTheOrder) {
  EventQueue<int, 4> queue;
  int event = -1;
  EXPECT_FALSE(queue.Pop(event));
  EXPECT_EQ(event, -1);
  for (int i = 0; i < 3; ++i) queue.Push(i);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(queue.Pop(event));
    EXPECT_EQ(event, i);
  }
  EXPECT_FALSE(queue.Pop(event));
}

TEST(EventQueueTest, DropsTheNewestWhenFullAndCounts) {
  EventQueue<int, 4> queue;
  for (int i = 0; i < 6; ++i) queue.Push(i);
  EXPECT_EQ(queue.dropped(), 2u);
  int event = -1;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(queue.Pop(event));
    EXPECT_EQ(event, i);
  }
  EXPECT_FALSE(queue.Pop(event));
}

TEST(EventQueueTest, TwoThreadsLoseNothingUncounted) {
  constexpr int kEvents = 200'000;
  EventQueue<int, 64> queue;
  std::thread writer([&queue] {
    for (int i = 1; i <= kEvents; ++i) queue.Push(i);
    queue.Push(kEvents + 1);
  });
  int received = 0;
  int last = 0;
  int event = 0;
  bool writing = true;
  while (writing || queue.Pop(event)) {
    if (writing && !queue.Pop(event)) {
      // The writer is done when what was received and what was dropped add up.
      writing = received + static_cast<int>(queue.dropped()) < kEvents + 1;
      continue;
    }
    ASSERT_GT(event, last) << "out of order or twice";
    last = event;
    ++received;
  }
  writer.join();
  EXPECT_EQ(received + static_cast<int>(queue.dropped()), kEvents + 1);
}

}  // namespace
}  // namespace abcds
