// The bus's thread over a pty, against a device with a small protocol of its own: a length, and so many bytes, which it
// gives back in reverse.
#include "hal/transport/byte_bus.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hal/rt/clock.h"
#include "hal/sim/wire/pty.h"
#include "hal/sim/wire/serial_line.h"
#include "hal/transport/owned_fd.h"
#include "hal/units/line_owner.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using Bytes = std::vector<uint8_t>;

bool Eventually(const std::function<bool()>& holds, Nanoseconds patience = 10s) {
  const MonotonicTime deadline = MonotonicNow() + patience;
  while (!holds()) {
    if (MonotonicNow() >= deadline) return false;
    SleepUntil(MonotonicNow() + 1ms);
  }
  return true;
}

class ReverseLine final : public sim::SerialLine {
 public:
  explicit ReverseLine(const std::string& link)
      : SerialLine({.link = link, .baud = 115200, .turnaround = 1ms}, *sim::Pty::Open(link)) {
    Start();
  }
  ~ReverseLine() override { Stop(); }

 private:
  int RequestLength(std::span<const uint8_t> heard) const override {
    const int length = 1 + heard[0];
    return static_cast<int>(heard.size()) < length ? 0 : length;
  }
  uint8_t AddressOf(std::span<const uint8_t>) const override { return 0; }
  Bytes Answer(std::span<const uint8_t> request, const sim::LineFaults&) override {
    Bytes reply(request.begin(), request.end());
    std::reverse(reply.begin() + 1, reply.end());
    return reply;
  }
};

Bytes Framed(const Bytes& content) {
  Bytes frame = {static_cast<uint8_t>(content.size())};
  frame.insert(frame.end(), content.begin(), content.end());
  return frame;
}

// Sends what it is told to, in that order, and keeps what came back; empty where nothing did.
class Asker final : public ByteClient {
 public:
  void Ask(const Bytes& content, Nanoseconds patience = 5s, Nanoseconds quiet = 1ms) {
    const std::lock_guard<std::mutex> lock(mutex_);
    due_.push_back({Framed(content), patience, quiet});
  }
  std::vector<Bytes> Answers() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return answers_;
  }
  int ups() const { return ups_; }
  int downs() const { return downs_; }
  // How long each link stayed open, of those that are closed again.
  std::vector<Nanoseconds> Openings() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return openings_;
  }

  std::optional<ByteRequest> NextRequest(MonotonicTime) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (due_.empty()) return std::nullopt;
    ByteRequest request;
    std::copy(due_.front().frame.begin(), due_.front().frame.end(), request.bytes.begin());
    request.size = due_.front().frame.size();
    request.quiet = due_.front().quiet;
    return request;
  }
  MonotonicTime NextDue(MonotonicTime now) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return due_.empty() ? MonotonicTime::max() : now;
  }
  void OnSent(MonotonicTime now) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    heard_.clear();
    deadline_ = now + due_.front().patience;
  }
  bool OnBytes(std::span<const uint8_t> bytes, MonotonicTime) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    heard_.insert(heard_.end(), bytes.begin(), bytes.end());
    if (heard_.size() < 1u + heard_[0]) return false;
    Finish(heard_);
    return true;
  }
  MonotonicTime ReplyDeadline() const noexcept override { return deadline_; }
  bool OnDeadline(MonotonicTime) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    Finish({});
    return false;
  }
  void OnLink(bool up, MonotonicTime now) noexcept override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (up) opened_at_ = now;
      if (!up) openings_.push_back(now - opened_at_);
    }
    up ? ++ups_ : ++downs_;
  }

 private:
  struct Due {
    Bytes frame;
    Nanoseconds patience;
    Nanoseconds quiet;
  };

  void Finish(const Bytes& answer) {
    answers_.push_back(answer);
    due_.pop_front();
  }

  std::mutex mutex_;
  std::deque<Due> due_;
  std::vector<Bytes> answers_;
  MonotonicTime opened_at_;
  std::vector<Nanoseconds> openings_;
  Bytes heard_;             // the bus's thread, as
  MonotonicTime deadline_;  // this
  std::atomic<int> ups_{0};
  std::atomic<int> downs_{0};
};

class ByteBusTest : public testing::Test {
 protected:
  ByteBusTest() {
    const char* folder = std::getenv("TEST_TMPDIR");
    link_ = std::string(folder != nullptr ? folder : "/tmp") + "/bytes-" + std::to_string(getpid());
    line_ = std::make_unique<ReverseLine>(link_);
  }
  ~ByteBusTest() override {
    if (bus_ != nullptr) bus_->Stop();
  }

  void StartBus(const ByteBusTiming& timing = {}) {
    bus_ = std::make_unique<ByteBus>(SerialOptions{.port = link_, .baud = 115200}, timing);
    bus_->Attach(asker_);
    bus_->Attach(other_);
    const absl::Status started = bus_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  Bytes Ask(const Bytes& content, Nanoseconds patience = 5s, Nanoseconds quiet = 1ms) {
    const size_t before = asker_.Answers().size();
    asker_.Ask(content, patience, quiet);
    bus_->waker().Wake();
    EXPECT_TRUE(Eventually([&] { return asker_.Answers().size() > before; }));
    const std::vector<Bytes> answers = asker_.Answers();
    return answers.empty() ? Bytes() : answers.back();
  }

  std::string link_;
  std::unique_ptr<ReverseLine> line_;
  Asker asker_;
  Asker other_;
  std::unique_ptr<ByteBus> bus_;
};

TEST_F(ByteBusTest, CarriesARequestAndItsAnswerInWhateverPieces) {
  StartBus();
  EXPECT_EQ(Ask({1, 2, 3}), (Bytes{3, 3, 2, 1}));
  line_->SetFaults({.chunk = 1});
  EXPECT_EQ(Ask({4, 5, 6, 7}), (Bytes{4, 7, 6, 5, 4}));
  EXPECT_EQ(bus_->counters().exchanges, 2u);
  EXPECT_EQ(asker_.ups(), 1);
}

TEST_F(ByteBusTest, NobodyAnswersAndTheNextOneIsGoodAgain) {
  StartBus();
  line_->SetFaults({.silent = true});
  // So long that also a busy machine's line has heard it by then: otherwise it would be answered after all.
  EXPECT_EQ(Ask({1}, 1s), Bytes());
  line_->SetFaults({});
  EXPECT_EQ(Ask({2, 3}), (Bytes{2, 3, 2}));
  EXPECT_EQ(bus_->counters().unanswered, 1u);
}

TEST_F(ByteBusTest, LateAnswerIsNotTakenForTheNextOne) {
  StartBus();
  line_->SetFaults({.delay = 1300ms});
  EXPECT_EQ(Ask({1, 2}, 1s), Bytes());
  line_->SetFaults({});
  // While the late one is under way: what a device must be silent for is longer than that.
  EXPECT_EQ(Ask({8, 9}, 5s, 2500ms), (Bytes{2, 9, 8}));
  EXPECT_EQ(bus_->counters().stray_bytes, 3u);
}

// Somebody else talks all the time: the request goes out when it has waited long enough.
TEST_F(ByteBusTest, LineThatIsNeverQuietGetsTheRequestAllTheSame) {
  const absl::StatusOr<std::unique_ptr<sim::Pty>> noisy = sim::Pty::Open("");
  ASSERT_TRUE(noisy.ok()) << noisy.status();
  ByteBusTiming timing;
  // So long that a busy machine cannot pause the babbler for all of it.
  timing.longest_wait_for_quiet = 1s;
  ByteBus bus({.port = (*noisy)->path(), .baud = 115200}, timing);
  bus.Attach(asker_);
  asker_.Ask({1, 2}, 50ms, 1s);
  const MonotonicTime begin = MonotonicNow();
  ASSERT_TRUE(bus.Start().ok());
  Bytes sent(3);
  ASSERT_TRUE(Eventually([&] {
    EXPECT_EQ(write((*noisy)->fd(), "U", 1), 1);
    return read((*noisy)->fd(), sent.data(), sent.size()) == 3;
  }));
  EXPECT_GE(MonotonicNow() - begin, 1s);
  EXPECT_EQ(sent, (Bytes{2, 1, 2}));
  EXPECT_EQ(bus.counters().never_quiet, 1u);
  EXPECT_GT(bus.counters().stray_bytes, 5u);
  bus.Stop();
}

TEST_F(ByteBusTest, ClientsTakeTurns) {
  for (uint8_t i = 0; i < 3; ++i) asker_.Ask({1, i});
  for (uint8_t i = 0; i < 3; ++i) other_.Ask({2, i});
  StartBus();
  ASSERT_TRUE(Eventually([&] { return asker_.Answers().size() + other_.Answers().size() == 6; }));
  std::vector<int> clients;
  for (const sim::WireExchange& exchange : line_->Exchanges()) clients.push_back(exchange.request[1]);
  EXPECT_EQ(clients, (std::vector<int>{1, 2, 1, 2, 1, 2}));
}

TEST_F(ByteBusTest, RequestWaitsForTheSilenceThatItWants) {
  StartBus();
  Ask({1});
  const MonotonicTime answered_at = line_->Exchanges().back().answered_at;
  Ask({2}, 5s, 80ms);
  EXPECT_GE(line_->Exchanges().back().asked_at - answered_at, 80ms);
}

TEST_F(ByteBusTest, UnpluggedPortComesBack) {
  StartBus();
  Ask({1});
  line_->Unplug();
  ASSERT_TRUE(Eventually([&] { return asker_.downs() == 1; })) << "noticed without being asked for anything";
  EXPECT_TRUE(Eventually([&] { return bus_->trouble().find("does not exist") != std::string::npos; }));
  ASSERT_TRUE(line_->Plug().ok());
  ASSERT_TRUE(Eventually([&] { return asker_.ups() == 2 && other_.ups() == 2; }));
  EXPECT_EQ(Ask({2, 3}), (Bytes{2, 3, 2}));
  EXPECT_EQ(bus_->trouble(), "");
  EXPECT_EQ(bus_->counters().links_opened, 2u);
  EXPECT_EQ(bus_->counters().links_lost, 1u);
}

TEST_F(ByteBusTest, AbsentPortIsNoErrorAndIsFoundLater) {
  line_->Unplug();
  StartBus();
  EXPECT_NE(bus_->trouble().find("does not exist"), std::string::npos);
  ASSERT_TRUE(line_->Plug().ok());
  EXPECT_EQ(Ask({2, 3}), (Bytes{2, 3, 2}));
}

TEST_F(ByteBusTest, PortOfAnotherOwnerIsLeftAlone) {
  StartBus();
  ByteBus second({.port = link_, .baud = 115200});
  ASSERT_TRUE(second.Start().ok());
  EXPECT_EQ(OwnerOf(second.owned()), LineOwner::kDaemon) << second.owned();
  second.Stop();
  EXPECT_EQ(Ask({2, 3}), (Bytes{2, 3, 2})) << "the first one is undisturbed";
}

TEST_F(ByteBusTest, PortOfAnotherProgramIsTakenWhenItIsFree) {
  OwnedFd owner(open(link_.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_EQ(flock(owner.get(), LOCK_EX | LOCK_NB), 0);
  StartBus();
  EXPECT_NE(bus_->trouble().find("already used"), std::string::npos) << bus_->trouble();
  EXPECT_FALSE(bus_->owned().ok());
  owner.Reset();
  EXPECT_EQ(Ask({2, 3}), (Bytes{2, 3, 2}));
  EXPECT_EQ(bus_->trouble(), "");
  EXPECT_TRUE(bus_->owned().ok());
}

TEST_F(ByteBusTest, MuteLineIsOpenedAgainAtGrowingIntervals) {
  ByteBusTiming timing;
  timing.line.mute_first = 60ms;
  timing.line.mute_longest = 10s;
  StartBus(timing);
  line_->SetFaults({.silent = true});
  for (int asked = 0; asker_.downs() < 3 && asked < 400; ++asked) Ask({1}, 20ms);
  const std::vector<Nanoseconds> openings = asker_.Openings();
  ASSERT_EQ(openings.size(), 3u);
  EXPECT_GE(openings[0], 60ms);
  EXPECT_GE(openings[1], 120ms);
  EXPECT_GE(openings[2], 240ms);
  line_->SetFaults({});
  EXPECT_EQ(Ask({2, 3}), (Bytes{2, 3, 2}));
}

TEST_F(ByteBusTest, StopDoesNotWaitForAnAnswer) {
  StartBus();
  line_->SetFaults({.silent = true});
  asker_.Ask({1}, 60s);
  bus_->waker().Wake();
  ASSERT_TRUE(Eventually([&] { return line_->exchange_count() == 1; }));
  const MonotonicTime stopping_at = MonotonicNow();
  bus_->Stop();
  EXPECT_LE(MonotonicNow() - stopping_at, 10s) << "the answer is waited for a minute";
  bus_->Stop();
}

}  // namespace
}  // namespace abcds
