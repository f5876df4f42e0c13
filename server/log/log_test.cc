#include "server/log/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

namespace abcds {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;

class LogTest : public testing::Test {
 protected:
  LogTest() { EXPECT_EQ(pipe2(pipe_, O_CLOEXEC | O_NONBLOCK), 0); }
  ~LogTest() override {
    close(pipe_[0]);
    close(pipe_[1]);
  }

  LogOptions Options() {
    LogOptions options;
    options.fd = pipe_[1];
    options.journald = true;
    options.monotonic_clock = [this] { return now_; };
    return options;
  }

  std::vector<std::string> Lines() {
    std::string text(60'000, '\0');
    const ssize_t length = read(pipe_[0], text.data(), text.size());
    text.resize(length > 0 ? static_cast<size_t>(length) : 0);
    std::vector<std::string> lines;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = text.find('\n', begin);
      lines.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    return lines;
  }

  int pipe_[2];
  MonotonicTime now_{std::chrono::hours(1)};
};

TEST_F(LogTest, JournaldGetsThePriorityAndNoTime) {
  Log log(Options());
  log.Info("ready");
  log.Warning("meter silent");
  log.Error("bus gone");
  EXPECT_THAT(Lines(), ElementsAre("<6>ready", "<4>meter silent", "<3>bus gone"));
}

TEST_F(LogTest, PeopleGetTheTimeAndTheLevel) {
  LogOptions options = Options();
  options.journald = false;
  options.wall_clock = [] { return WallTime(std::chrono::milliseconds(1'700'000'000'042)); };
  Log log(options);
  log.Warning("meter silent");
  EXPECT_THAT(Lines(), ElementsAre(MatchesRegex("2023-11-1[45] [0-9:]+\\.042 warning: meter silent")));
}

TEST_F(LogTest, LessImportantMessagesAreDropped) {
  LogOptions options = Options();
  options.least = LogLevel::kWarning;
  Log log(options);
  log.Info("chatter");
  log.WriteLimited(LogLevel::kDebug, "key", "chatter");
  log.Warning("matters");
  EXPECT_THAT(Lines(), ElementsAre("<4>matters"));
}

TEST_F(LogTest, AMessageStaysOneLineWhateverAPeerPutIntoIt) {
  Log log(Options());
  log.Info("device says \"a\nb\r\x1b[31m\"");
  EXPECT_THAT(Lines(), ElementsAre("<6>device says \"a b  [31m\""));
}

TEST_F(LogTest, AKeyMayBurstAndThenIsCounted) {
  Log log(Options());
  for (int i = 0; i < Log::kBurst + 7; ++i) log.WriteLimited(LogLevel::kInfo, "bus", "timeout");
  EXPECT_THAT(Lines(), SizeIs(Log::kBurst));
  now_ += Log::kWindow - Nanoseconds(1);
  log.WriteLimited(LogLevel::kInfo, "bus", "timeout");
  EXPECT_THAT(Lines(), IsEmpty()) << "the window is not over";
  now_ += Nanoseconds(1);
  log.WriteLimited(LogLevel::kInfo, "bus", "timeout");
  EXPECT_THAT(Lines(), ElementsAre("<6>timeout (8 more like this were left out)"));
}

TEST_F(LogTest, KeysAreLimitedApartFromEachOther) {
  Log log(Options());
  for (int i = 0; i < 20; ++i) log.WriteLimited(LogLevel::kInfo, "a", "a");
  Lines();
  log.WriteLimited(LogLevel::kInfo, "b", "b");
  EXPECT_THAT(Lines(), ElementsAre("<6>b"));
}

TEST_F(LogTest, TheTableOfKeysIsBoundedAndForgetsTheOldest) {
  Log log(Options());
  for (int i = 0; i < Log::kBurst; ++i) log.WriteLimited(LogLevel::kInfo, "oldest", "x");
  for (size_t i = 0; i < Log::kKeysMax; ++i) {
    now_ += Nanoseconds(1);
    log.WriteLimited(LogLevel::kInfo, std::to_string(i), "x");
  }
  Lines();
  log.WriteLimited(LogLevel::kInfo, "oldest", "x");
  log.WriteLimited(LogLevel::kInfo, std::to_string(Log::kKeysMax - 1), "y");
  EXPECT_THAT(Lines(), SizeIs(2));
}

TEST_F(LogTest, ThreadsDoNotMixTheirLines) {
  Log log(Options());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&log] {
      for (int i = 0; i < 50; ++i) log.WriteLimited(LogLevel::kInfo, std::to_string(i), "a whole sentence");
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> lines = Lines();
  EXPECT_THAT(lines, SizeIs(200));
  EXPECT_THAT(lines, testing::Each(EndsWith("<6>a whole sentence")));
}

TEST(LogLevelTest, NamesAreStrict) {
  EXPECT_EQ(ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("error"), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("Error"), std::nullopt);
  EXPECT_EQ(ParseLogLevel(""), std::nullopt);
}

}  // namespace
}  // namespace abcds
