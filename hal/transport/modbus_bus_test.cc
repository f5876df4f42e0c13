// The bus's thread over a pty, against units with framing and checksum of their own.
#include "hal/transport/modbus_bus.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hal/rt/clock.h"
#include "hal/sim/wire/modbus_line.h"
#include "hal/units/line_owner.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

using Function = ModbusRequest::Function;

bool Eventually(const std::function<bool()>& holds, Nanoseconds patience = 10s) {
  const MonotonicTime deadline = MonotonicNow() + patience;
  while (!holds()) {
    if (MonotonicNow() >= deadline) return false;
    SleepUntil(MonotonicNow() + 1ms);
  }
  return true;
}

// Holds registers; each reads as its own address until it is written.
class Memory final : public sim::ModbusUnit {
 public:
  uint8_t Read(uint16_t address, uint16_t count, std::vector<uint16_t>& values) override {
    if (address >= 1000) return 2;
    for (unsigned i = 0; i < count; ++i) {
      const auto at = static_cast<uint16_t>(address + i);
      values.push_back(written_.contains(at) ? written_[at] : at);
    }
    return 0;
  }
  uint8_t Write(uint16_t address, const std::vector<uint16_t>& values) override {
    for (size_t i = 0; i < values.size(); ++i) written_[static_cast<uint16_t>(address + i)] = values[i];
    return 0;
  }

 private:
  std::map<uint16_t, uint16_t> written_;
};

ModbusRequest Read(uint16_t address, uint8_t count = 1, uint8_t unit = 1) {
  ModbusRequest request;
  request.unit = unit;
  request.address = address;
  request.count = count;
  request.timeout = 5s;  // a busy test machine must not make it fail
  return request;
}

// For what will not be answered in time anyway.
ModbusRequest Impatient(ModbusRequest request, Nanoseconds timeout = 200ms) {
  request.timeout = timeout;
  return request;
}

ModbusRequest Write(uint16_t address, uint16_t value) {
  ModbusRequest request = Read(address);
  request.function = Function::kWriteMultipleRegisters;
  request.values[0] = value;
  return request;
}

// Asks what it is told to, in that order, and keeps the answers.
class Asker final : public ModbusClient {
 public:
  struct Answer {
    ModbusRequest request;
    ModbusReply reply;
  };

  void Ask(const ModbusRequest& request, Urgency urgency = Urgency::kPoll) {
    const std::lock_guard<std::mutex> lock(mutex_);
    due_.push_back({request, urgency});
  }
  std::vector<Answer> Answers() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return answers_;
  }
  // While `sticks`, the bus's thread is caught in NextRequest(), as in a driver's mistake or a call that never returns.
  void Stick(bool sticks) {
    sticks_ = sticks;
    sticks_.notify_all();
  }
  bool stuck() const { return stuck_; }
  int ups() const { return ups_; }
  int downs() const { return downs_; }

  std::optional<Due> NextRequest(MonotonicTime) noexcept override {
    stuck_ = sticks_.load();
    sticks_.wait(true);
    const std::lock_guard<std::mutex> lock(mutex_);
    return due_.empty() ? std::nullopt : std::optional(due_.front());
  }
  MonotonicTime NextDue(MonotonicTime now) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return due_.empty() ? MonotonicTime::max() : now;
  }
  void OnReply(const ModbusRequest& request, const ModbusReply& reply, MonotonicTime, MonotonicTime) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    answers_.push_back({request, reply});
    if (!due_.empty() && due_.front().request == request) due_.pop_front();
  }
  void OnLink(bool up, MonotonicTime) noexcept override { up ? ++ups_ : ++downs_; }

 private:
  std::mutex mutex_;
  std::deque<Due> due_;
  std::vector<Answer> answers_;
  std::atomic<bool> sticks_{false};
  std::atomic<bool> stuck_{false};
  std::atomic<int> ups_{0};
  std::atomic<int> downs_{0};
};

class ModbusBusTest : public testing::Test {
 protected:
  ModbusBusTest() {
    const char* folder = std::getenv("TEST_TMPDIR");
    link_ = std::string(folder != nullptr ? folder : "/tmp") + "/bus-" + std::to_string(getpid());
    auto line = sim::ModbusLine::Open({.link = link_, .baud = 115200, .turnaround = 1ms});
    EXPECT_TRUE(line.ok()) << line.status();
    line_ = *std::move(line);
    line_->Attach(1, memory_);
    line_->Attach(2, second_);
    line_->Start();
  }

  void StartBus(const ModbusBusTiming& timing = {}) {
    bus_ = std::make_unique<ModbusBus>(SerialOptions{.port = link_, .baud = 115200}, timing);
    bus_->Attach(asker_);
    bus_->Attach(other_);
    const absl::Status started = bus_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  // Asks and waits for the answer.
  ModbusReply Ask(const ModbusRequest& request) {
    const size_t before = asker_.Answers().size();
    asker_.Ask(request);
    bus_->waker().Wake();
    EXPECT_TRUE(Eventually([&] { return asker_.Answers().size() > before; }));
    const std::vector<Asker::Answer> answers = asker_.Answers();
    return answers.empty() ? ModbusReply{} : answers.back().reply;
  }

  std::string link_;
  Memory memory_;
  Memory second_;
  std::unique_ptr<sim::ModbusLine> line_;
  Asker asker_;
  Asker other_;
  std::unique_ptr<ModbusBus> bus_;
};

TEST_F(ModbusBusTest, ReadsAndWritesRegisters) {
  StartBus();
  EXPECT_EQ(Ask(Write(40, 0x015E)).result, ModbusResult::kOk);
  const ModbusReply reply = Ask(Read(39, 3));
  ASSERT_EQ(reply.result, ModbusResult::kOk);
  EXPECT_EQ(reply.count, 3);
  EXPECT_EQ(reply.values[0], 39);
  EXPECT_EQ(reply.values[1], 0x015E);
  EXPECT_EQ(reply.values[2], 41);
  EXPECT_EQ(asker_.ups(), 1);
}

TEST_F(ModbusBusTest, RefusalsAreTold) {
  StartBus();
  const ModbusReply reply = Ask(Read(1000));
  EXPECT_EQ(reply.result, ModbusResult::kException);
  EXPECT_EQ(reply.exception, 2);
}

TEST_F(ModbusBusTest, LateAnswerDoesNotShiftTheNextOne) {
  StartBus();
  line_->SetFaults({.delay = 1300ms});
  EXPECT_EQ(Ask(Impatient(Read(7), 1s)).result, ModbusResult::kTimeout);
  line_->SetFaults({});
  // The late answer to register 7 arrives before anybody asks again, and is thrown away.
  EXPECT_TRUE(Eventually([&] { return bus_->counters().stray_bytes >= 7; }));
  const ModbusReply reply = Ask(Read(8));
  ASSERT_EQ(reply.result, ModbusResult::kOk);
  EXPECT_EQ(reply.values[0], 8);
}

TEST_F(ModbusBusTest, LateAnswerToAnotherRequestIsPassedOver) {
  StartBus();
  line_->SetFaults({.delay = 1300ms});
  EXPECT_EQ(Ask(Impatient(Read(7, 2), 1s)).result, ModbusResult::kTimeout);
  line_->SetFaults({});
  // A write is sent while that answer is still under way.
  EXPECT_EQ(Ask(Write(40, 1)).result, ModbusResult::kOk);
  EXPECT_EQ(Ask(Read(40)).values[0], 1);
}

TEST_F(ModbusBusTest, BytesBehindAReplyDoNotShiftTheNextOne) {
  StartBus();
  line_->SetFaults({.stray_byte_every = 1});
  for (uint16_t i = 0; i < 10; ++i) {
    const ModbusReply reply = Ask(Read(i));
    ASSERT_EQ(reply.result, ModbusResult::kOk);
    EXPECT_EQ(reply.values[0], i);
  }
  EXPECT_GE(bus_->counters().stray_bytes, 9u);
}

struct BadReplyCase {
  const char* name;
  sim::LineFaults faults;
  ModbusResult result;
};

class BadReplyTest : public ModbusBusTest, public testing::WithParamInterface<BadReplyCase> {};

TEST_P(BadReplyTest, IsToldAndTheNextOneIsGoodAgain) {
  StartBus();
  line_->SetFaults(GetParam().faults);
  EXPECT_EQ(Ask(Impatient(Read(7), 600ms)).result, GetParam().result);
  line_->SetFaults({});
  const ModbusReply reply = Ask(Read(8));
  ASSERT_EQ(reply.result, ModbusResult::kOk);
  EXPECT_EQ(reply.values[0], 8);
}

INSTANTIATE_TEST_SUITE_P(Replies, BadReplyTest,
                         testing::Values(BadReplyCase{"Silence", {.silent = true}, ModbusResult::kTimeout},
                                         BadReplyCase{"HalfAFrame", {.half_every = 1}, ModbusResult::kTimeout},
                                         BadReplyCase{"WrongChecksum", {.corrupt_every = 1}, ModbusResult::kCorrupt},
                                         BadReplyCase{"AnotherUnit", {.wrong_address = true}, ModbusResult::kCorrupt},
                                         BadReplyCase{
                                             "OnlyTheEcho", {.silent = true, .echo = true}, ModbusResult::kCorrupt},
                                         BadReplyCase{"EchoBeforeTheReply", {.echo = true}, ModbusResult::kCorrupt}),
                         [](const auto& info) { return info.param.name; });

TEST_F(ModbusBusTest, EchoGetsItsSentence) {
  StartBus();
  line_->SetFaults({.echo = true});
  Ask(Read(7));
  EXPECT_NE(bus_->trouble().find("switch off the adapter's local echo"), std::string::npos);
  line_->SetFaults({});
  Ask(Read(7));
  EXPECT_EQ(bus_->trouble(), "");
}

TEST_F(ModbusBusTest, TheMostUrgentGoesFirstAndEqualsTakeTurns) {
  for (int i = 0; i < 3; ++i) asker_.Ask(Read(static_cast<uint16_t>(i), 1, 1));
  for (int i = 0; i < 3; ++i) other_.Ask(Read(static_cast<uint16_t>(i), 1, 2));
  StartBus();
  ASSERT_TRUE(Eventually([&] { return line_->exchange_count() == 6; }));
  std::vector<int> units;
  for (const sim::WireExchange& exchange : line_->Exchanges()) units.push_back(exchange.request[0]);
  EXPECT_EQ(units, (std::vector<int>{1, 2, 1, 2, 1, 2}));

  bus_->Stop();
  Asker poll;
  Asker command;
  Asker safety;
  poll.Ask(Read(1), ModbusClient::Urgency::kPoll);
  command.Ask(Read(2), ModbusClient::Urgency::kCommand);
  safety.Ask(Read(3), ModbusClient::Urgency::kSafety);
  ModbusBus bus({.port = link_, .baud = 115200});
  for (Asker* each : {&poll, &command, &safety}) bus.Attach(*each);
  ASSERT_TRUE(bus.Start().ok());
  ASSERT_TRUE(Eventually([&] { return line_->exchange_count() == 9; }));
  std::vector<int> registers;
  for (const sim::WireExchange& exchange : line_->Exchanges(6)) registers.push_back(exchange.request[3]);
  EXPECT_EQ(registers, (std::vector<int>{3, 2, 1}));
}

TEST_F(ModbusBusTest, ExchangesKeepTheirGap) {
  ModbusBusTiming timing;
  timing.frame_gap = 20ms;
  for (uint16_t i = 0; i < 5; ++i) asker_.Ask(Read(i));
  StartBus(timing);
  ASSERT_TRUE(Eventually([&] { return line_->exchange_count() == 5; }));
  const auto exchanges = line_->Exchanges();
  for (size_t i = 1; i < exchanges.size(); ++i) {
    EXPECT_GE(exchanges[i].asked_at - exchanges[i - 1].answered_at, 20ms);
  }
}

TEST_F(ModbusBusTest, UnpluggedPortComesBack) {
  StartBus();
  Ask(Read(7));
  line_->Unplug();
  ASSERT_TRUE(Eventually([&] { return asker_.downs() == 1; })) << "noticed without being asked for anything";
  EXPECT_TRUE(Eventually([&] { return bus_->trouble().find("does not exist") != std::string::npos; }));
  ASSERT_TRUE(line_->Plug().ok());
  ASSERT_TRUE(Eventually([&] { return asker_.ups() == 2; }));
  EXPECT_EQ(Ask(Read(8)).values[0], 8);
  EXPECT_EQ(bus_->trouble(), "");
}

TEST_F(ModbusBusTest, AbsentPortIsNoErrorAndIsFoundLater) {
  line_->Unplug();
  StartBus();
  EXPECT_NE(bus_->trouble().find("does not exist"), std::string::npos);
  ASSERT_TRUE(line_->Plug().ok());
  EXPECT_EQ(Ask(Read(8)).values[0], 8);
}

TEST_F(ModbusBusTest, PortOfAnotherOwnerIsLeftAlone) {
  StartBus();
  ModbusBus second({.port = link_, .baud = 115200});
  ASSERT_TRUE(second.Start().ok());
  EXPECT_EQ(OwnerOf(second.owned()), LineOwner::kDaemon) << second.owned();
  EXPECT_EQ(second.trouble(), second.owned().message());
  second.Stop();
  EXPECT_EQ(Ask(Read(8)).values[0], 8) << "the first one is undisturbed";
}

TEST_F(ModbusBusTest, MuteLineIsOpenedAgain) {
  ModbusBusTiming timing;
  timing.line.mute_first = 100ms;
  StartBus(timing);
  line_->SetFaults({.silent = true});
  Ask(Impatient(Read(7)));
  EXPECT_TRUE(Eventually([&] { return asker_.downs() == 1 && asker_.ups() == 2; }));
  line_->SetFaults({});
  EXPECT_EQ(Ask(Read(8)).values[0], 8);
}

TEST_F(ModbusBusTest, StopEndsWithinOneTimeout) {
  StartBus();
  line_->SetFaults({.silent = true});
  const uint64_t before = line_->exchange_count();
  for (uint16_t i = 0; i < 100; ++i) asker_.Ask(Impatient(Read(i)));
  bus_->waker().Wake();
  ASSERT_TRUE(Eventually([&] { return line_->exchange_count() > before; }));
  const MonotonicTime stopping_at = MonotonicNow();
  bus_->Stop();
  EXPECT_LE(MonotonicNow() - stopping_at, 10s) << "one timeout, not a hundred";
  bus_->Stop();
}

TEST_F(ModbusBusTest, WokenBusAsksAtOnce) {
  StartBus();
  ASSERT_TRUE(Eventually([&] { return asker_.ups() == 1; }));
  Nanoseconds shortest = 1s;
  for (uint16_t i = 0; i < 20; ++i) {
    SleepUntil(MonotonicNow() + 10ms);  // the gap after the exchange before is over
    const MonotonicTime asked_at = MonotonicNow();
    Ask(Read(i));
    shortest = std::min(shortest, line_->Exchanges().back().asked_at - asked_at);
  }
  // A pause of ours would be in each of them; how many a busy machine adds to is not ours to say.
  EXPECT_LT(shortest, 1ms);
}

TEST_F(ModbusBusTest, ThreadThatHangsInAClientNoLongerGoesOn) {
  StartBus();
  const auto goes_on = [this] {
    const ThreadProgress before = bus_->progress();
    return before.Runs() && Eventually([&] { return bus_->progress().went_on_at > before.went_on_at; });
  };
  EXPECT_TRUE(goes_on()) << "also while nobody wants anything";
  asker_.Stick(true);
  ASSERT_TRUE(Eventually([&] { return asker_.stuck(); }));
  const ThreadProgress caught = bus_->progress();
  bus_->waker().Wake();
  EXPECT_FALSE(Eventually([&] { return bus_->progress().went_on_at > caught.went_on_at; }, 100ms));
  EXPECT_LE(caught.due_at - caught.went_on_at, Progress::kPatience);
  asker_.Stick(false);
  EXPECT_TRUE(goes_on());
  bus_->Stop();
  EXPECT_FALSE(bus_->progress().Runs());
}

}  // namespace
}  // namespace abcds
