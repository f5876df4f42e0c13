#include "hal/transport/modbus_exchange.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "hal/rt/clock.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// libmodbus would abort the process.
TEST(ModbusExchangeTest, DescriptorsBeyondItsReachAreRefused) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_max < 1100) GTEST_SKIP() << "this process may not have more than 1024 descriptors anyway";
  limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, 1100);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const int high = fcntl(ends[0], F_DUPFD_CLOEXEC, 1030);
  ASSERT_GE(high, 1030);
  EXPECT_TRUE(absl::IsResourceExhausted(ModbusExchange::Create(high).status()));
  EXPECT_TRUE(ModbusExchange::Create(ends[0]).ok());
  close(high);
  close(ends[0]);
  close(ends[1]);
}

// A line that sends one byte now and then must not stretch the wait.
TEST(ModbusExchangeTest, DrippingReplyEndsAtTheTimeout) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  auto exchange = ModbusExchange::Create(ends[0]);
  ASSERT_TRUE(exchange.ok());
  std::atomic<bool> over{false};
  std::thread dripper([&] {
    for (const uint8_t byte : {0x01, 0x03, 0x40}) {
      [[maybe_unused]] const ssize_t sent = send(ends[1], &byte, 1, MSG_NOSIGNAL);
    }
    // Would be complete after 6.6 s.
    for (int i = 0; i < 66 && !over; ++i) {
      const uint8_t byte = 0;
      [[maybe_unused]] const ssize_t sent = send(ends[1], &byte, 1, MSG_NOSIGNAL);
      SleepUntil(MonotonicNow() + 100ms);
    }
  });
  ModbusRequest request;
  request.count = 32;
  request.timeout = 200ms;
  MonotonicTime sent_at;
  const ModbusReply reply = (*exchange)->Execute(request, sent_at);
  EXPECT_EQ(reply.result, ModbusResult::kTimeout);
  EXPECT_LE(MonotonicNow() - sent_at, 4s);
  over = true;
  dripper.join();
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace abcds
