#include "server/main/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>

namespace abcds {
namespace {

constexpr Nanoseconds kPatience = std::chrono::seconds(20);

TEST(ProcessTest, IsPreparedForSmallStacksAndFewDescriptors) {
  PrepareProcess();
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_LE(limit.rlim_cur, 1024u);
  size_t stack = 0;
  std::thread([&stack] {
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstacksize(&attributes, &stack);
    pthread_attr_destroy(&attributes);
  }).join();
  EXPECT_EQ(stack, 256u * 1024u);
}

TEST(ProcessTest, AReaderThatDoesNotReadHoldsUpNobody) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const int terminal = dup(STDERR_FILENO);
  ASSERT_EQ(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
  NeverWaitForReaders();
  const std::string text(4096, 'x');
  ssize_t result = 0;
  for (int i = 0; i < 1000 && result >= 0; ++i) result = write(STDERR_FILENO, text.data(), text.size());
  const int error = errno;
  const int flags_of_others = fcntl(ends[1], F_GETFL);
  dup2(terminal, STDERR_FILENO);
  for (const int fd : {ends[0], ends[1], terminal}) close(fd);
  EXPECT_EQ(result, -1);
  EXPECT_EQ(error, EAGAIN);
  EXPECT_EQ(flags_of_others & O_NONBLOCK, 0) << "a shell's other programs write there, too";
}

TEST(StopSignalsTest, EachEndingSignalIsReadAndDoesNotKill) {
  PrepareProcess();
  StopSignals signals;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    ASSERT_EQ(kill(getpid(), signal), 0);
    EXPECT_EQ(signals.Wait(-1, kPatience), signal);
  }
}

TEST(StopSignalsTest, AHangUpThatNohupTookAwayEndsNothing) {
  ASSERT_NE(std::signal(SIGHUP, SIG_IGN), SIG_ERR);
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  ASSERT_EQ(pthread_sigmask(SIG_UNBLOCK, &hangup, nullptr), 0);
  PrepareProcess();
  StopSignals signals;
  ASSERT_EQ(kill(getpid(), SIGHUP), 0);
  ASSERT_EQ(kill(getpid(), SIGTERM), 0);
  EXPECT_EQ(signals.Wait(-1, kPatience), SIGTERM);
  std::signal(SIGHUP, SIG_DFL);
}

TEST(StopSignalsTest, AnotherDescriptorEndsTheWait) {
  PrepareProcess();
  StopSignals signals;
  const int other = eventfd(1, EFD_CLOEXEC);
  EXPECT_EQ(signals.Wait(other, kPatience), 0);
  close(other);
}

TEST(StopSignalsTest, TheTimeEnds) {
  PrepareProcess();
  StopSignals signals;
  EXPECT_EQ(signals.Wait(-1, std::chrono::milliseconds(1)), 0);
  EXPECT_EQ(signals.Wait(-1, Nanoseconds(-5)), 0);
}

}  // namespace
}  // namespace abcds
