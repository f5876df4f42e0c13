// The bus's thread over an SLCAN adapter on a pty, against a simulated bus with a codec of its own. What a CAN
// interface of the kernel does in its place is tested where the kernel has CAN (tests/vm).
#include "hal/transport/can_bus.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hal/rt/clock.h"
#include "hal/sim/wire/can_line.h"
#include "hal/transport/can_port.h"
#include "hal/transport/owned_fd.h"
#include "hal/units/line_owner.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

bool Eventually(const std::function<bool()>& holds, Nanoseconds patience = 20s) {
  const MonotonicTime deadline = MonotonicNow() + patience;
  while (!holds()) {
    if (MonotonicNow() >= deadline) return false;
    SleepUntil(MonotonicNow() + 1ms);
  }
  return true;
}

CanFrame Frame(uint32_t id, uint8_t number) {
  return {.id = id, .extended = true, .remote = false, .size = 2, .data = {number, static_cast<uint8_t>(~number)}};
}

constexpr uint32_t kRequests = 0x000C0100;  // + address
constexpr uint32_t kAnswers = 0x000C0000;

// Answers every request to its address with the same bytes.
class Echo final : public sim::SimCanDevice {
 public:
  explicit Echo(uint8_t address) : address_(address) {}
  void SetPower(bool on) { powered_ = on; }

  std::vector<Answer> OnFrame(const CanFrame& frame, MonotonicTime) override {
    if (!frame.extended || frame.id != kRequests + address_) return {};
    CanFrame answer = frame;
    answer.id = kAnswers + address_;
    return {{.frame = answer, .delay = 2ms}};
  }
  bool Powered() override { return powered_; }

 private:
  const uint8_t address_;
  std::atomic<bool> powered_{true};
};

// Sends what it is told to, in that order, and keeps what comes.
class Talker final : public CanClient {
 public:
  explicit Talker(uint8_t address)
      : address_(address), filters_{CanFilter{.id = kAnswers + address, .extended = true}} {}

  void Say(uint8_t number) {
    const std::lock_guard<std::mutex> lock(mutex_);
    due_.push_back(Frame(kRequests + address_, number));
  }
  std::vector<uint8_t> Heard() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return heard_;
  }
  size_t sent() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return sent_;
  }
  bool spoilt() const { return spoilt_; }
  int ups() const { return ups_; }
  int downs() const { return downs_; }

  std::span<const CanFilter> Filters() const noexcept override { return filters_; }
  std::optional<CanFrame> NextFrame(MonotonicTime) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return due_.empty() ? std::nullopt : std::optional(due_.front());
  }
  MonotonicTime NextDue(MonotonicTime now) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return due_.empty() ? MonotonicTime::max() : now;
  }
  void OnSent(const CanFrame& frame, MonotonicTime) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    spoilt_ = spoilt_ || due_.empty() || !(due_.front() == frame);
    if (!due_.empty()) due_.pop_front();
    ++sent_;
  }
  void OnFrame(const CanFrame& frame, MonotonicTime) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    spoilt_ = spoilt_ || !(frame == Frame(kAnswers + address_, frame.data[0]));
    heard_.push_back(frame.data[0]);
  }
  void OnLink(bool up, MonotonicTime) noexcept override { up ? ++ups_ : ++downs_; }

 private:
  const uint8_t address_;
  const std::vector<CanFilter> filters_;
  std::mutex mutex_;
  std::deque<CanFrame> due_;
  std::vector<uint8_t> heard_;
  size_t sent_ = 0;
  std::atomic<bool> spoilt_{false};
  std::atomic<int> ups_{0};
  std::atomic<int> downs_{0};
};

class CanBusTest : public testing::Test {
 protected:
  CanBusTest() {
    const char* folder = std::getenv("TEST_TMPDIR");
    link_ = std::string(folder != nullptr ? folder : "/tmp") + "/can-" + std::to_string(getpid());
    auto line = sim::CanLine::Open({.link = link_});
    EXPECT_TRUE(line.ok()) << line.status();
    line_ = *std::move(line);
    line_->Attach(first_);
    line_->Attach(second_);
    line_->Start();
  }

  // For an adapter that acknowledges every frame: one that a busy machine pauses is waited for. Frames that are sent
  // into its silence may be more than it has buffers.
  static constexpr SlcanTiming kPatient{.acknowledgement = 20s};

  void StartBus(const SlcanTiming& timing = {}) {
    bus_ = std::make_unique<CanBus>(CanOptions{.slcan_port = link_, .slcan = timing});
    bus_->Attach(talker_);
    bus_->Attach(other_);
    const absl::Status started = bus_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }
  void Say(uint8_t number) {
    talker_.Say(number);
    bus_->waker().Wake();
  }
  // Says numbers until one is answered: as a session does that repeats what was not answered.
  bool TalksAgain(Nanoseconds patience = 20s) {
    const size_t before = talker_.Heard().size();
    MonotonicTime next = MonotonicTime::min();
    return Eventually(
        [&] {
          if (MonotonicNow() >= next) {
            next = MonotonicNow() + 100ms;
            Say(200);
          }
          return talker_.Heard().size() > before;
        },
        patience);
  }
  void SetFaults(const sim::AdapterFaults& faults) { line_->SetFaults({.adapter = faults}); }
  static std::vector<uint8_t> Numbers(uint8_t count) {
    std::vector<uint8_t> numbers;
    for (uint8_t i = 0; i < count; ++i) numbers.push_back(i);
    return numbers;
  }

  std::string link_;
  Echo first_{2};
  Echo second_{3};
  std::unique_ptr<sim::CanLine> line_;
  Talker talker_{2};
  Talker other_{3};
  std::unique_ptr<CanBus> bus_;
};

TEST_F(CanBusTest, EachClientGetsWhatIsForIt) {
  StartBus(kPatient);
  for (const uint8_t number : Numbers(20)) {
    talker_.Say(number);
    other_.Say(static_cast<uint8_t>(number + 100));
  }
  bus_->waker().Wake();
  ASSERT_TRUE(Eventually([&] { return talker_.Heard().size() == 20 && other_.Heard().size() == 20; }));
  EXPECT_EQ(talker_.Heard(), Numbers(20));
  EXPECT_EQ(other_.Heard().front(), 100);
  EXPECT_FALSE(talker_.spoilt() || other_.spoilt());
  EXPECT_EQ(talker_.ups(), 1);
  EXPECT_EQ(bus_->counters().frames.sent, 40u);
  EXPECT_EQ(bus_->counters().frames.received, 40u);
  EXPECT_EQ(bus_->trouble(), "");
  // The record has each request and each answer once, with the wire's own time between them.
  const std::vector<sim::SeenCanFrame> seen = line_->Frames();
  ASSERT_EQ(seen.size(), 80u);
  EXPECT_EQ(seen[0].sender, sim::SeenCanFrame::Sender::kController);
  // In turn, although each always had something to say.
  std::vector<uint32_t> senders;
  for (const sim::SeenCanFrame& frame : seen) {
    if (frame.sender == sim::SeenCanFrame::Sender::kController) senders.push_back(frame.frame.id);
  }
  const auto first_ten = std::span(senders).first(10);
  EXPECT_EQ(std::ranges::count(first_ten, kRequests + 2), 5);
  EXPECT_EQ(std::ranges::count(first_ten, kRequests + 3), 5);
}

struct BadAdapter {
  const char* name;
  sim::AdapterFaults faults;
};
class BadAdapterTest : public CanBusTest, public testing::WithParamInterface<BadAdapter> {};

// All that costs time only: not one frame is lost, doubled or spoilt.
TEST_P(BadAdapterTest, LosesNothing) {
  SetFaults(GetParam().faults);
  const bool acknowledges = !GetParam().faults.no_acknowledgements;
  StartBus(acknowledges ? kPatient : SlcanTiming{});
  for (const uint8_t number : Numbers(12)) {
    Say(number);
    ASSERT_TRUE(acknowledges || Eventually([&] { return talker_.Heard().size() > number; }));
  }
  ASSERT_TRUE(Eventually([&] { return talker_.Heard().size() >= 12; })) << bus_->trouble();
  EXPECT_EQ(talker_.Heard(), Numbers(12));
  EXPECT_FALSE(talker_.spoilt());
  EXPECT_EQ(talker_.downs(), 0);
  EXPECT_EQ(bus_->trouble(), "");
}

INSTANTIATE_TEST_SUITE_P(Faults, BadAdapterTest,
                         testing::Values(BadAdapter{"NeverAcknowledges", {.no_acknowledgements = true}},
                                         BadAdapter{"AcknowledgesBehindTheAnswer", {.acknowledges_late = true}},
                                         BadAdapter{"SaysTheTimeUnasked", {.timestamps = true}},
                                         BadAdapter{"SaysOneByteAtATime", {.dribbles = true}},
                                         BadAdapter{"SaysTwoLinesAtOnce", {.pairs = true}},
                                         BadAdapter{"RefusesEveryThirdFrame", {.refuse_every = 3}}),
                         [](const auto& info) { return info.param.name; });

TEST_F(CanBusTest, LineThatLosesHalfALineLosesNoOther) {
  StartBus();
  ASSERT_TRUE(TalksAgain());
  SetFaults({.cut_every = 7});
  for (const uint8_t number : Numbers(50)) Say(number);
  ASSERT_TRUE(Eventually([&] { return talker_.sent() >= 51 && bus_->counters().frames.garbled > 0; }, 60s));
  // A busy machine loses some more: those that were sent into a silence after lost acknowledgements.
  for (int more = 0; talker_.Heard().size() <= 35 && more < 50; ++more) ASSERT_TRUE(TalksAgain());
  EXPECT_GT(talker_.Heard().size(), 35u);
  EXPECT_FALSE(talker_.spoilt());
  EXPECT_EQ(talker_.downs(), 0);
}

TEST_F(CanBusTest, StrangersFramesWithTheSameLowBitsAreNotTakenForAnswers) {
  line_->SetFaults({.foreign_frames = true});
  StartBus(kPatient);
  for (const uint8_t number : Numbers(10)) Say(number);
  ASSERT_TRUE(Eventually([&] { return talker_.Heard().size() == 10; }));
  EXPECT_FALSE(talker_.spoilt());
  EXPECT_EQ(bus_->counters().frames.received, 10u);
}

TEST_F(CanBusTest, AdapterPulledAndPluggedInAgain) {
  StartBus();
  ASSERT_TRUE(TalksAgain());
  line_->Unplug();
  ASSERT_TRUE(Eventually([&] { return talker_.downs() == 1; }));
  EXPECT_TRUE(Eventually([&] { return bus_->trouble() == link_ + " does not exist: is the adapter plugged in?"; }))
      << bus_->trouble();
  ASSERT_TRUE(line_->Plug().ok());
  EXPECT_TRUE(TalksAgain());
  EXPECT_EQ(talker_.ups(), 2);
  EXPECT_EQ(bus_->trouble(), "");
  EXPECT_EQ(bus_->counters().links_lost, 1u);
}

TEST_F(CanBusTest, AdapterThatAKilledUserLeftOpenIsTakenOver) {
  const OwnedFd dead_user(open(link_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  const std::string said = "S6\rO\rT000C0102";
  ASSERT_EQ(write(dead_user.get(), said.data(), said.size()), static_cast<ssize_t>(said.size()));
  StartBus();
  EXPECT_TRUE(TalksAgain());
  EXPECT_EQ(bus_->counters().links_opened, 1u);
}

TEST_F(CanBusTest, CableOutIsToldAndNothingPilesUpMeanwhile) {
  StartBus();
  ASSERT_TRUE(TalksAgain());
  line_->SetFaults({.cable_out = true});
  const uint64_t before = line_->frame_count();
  ASSERT_TRUE(Eventually([&] {
    Say(1);
    return talker_.downs() > 0;
  }));
  EXPECT_EQ(bus_->trouble(),
            "nobody on the CAN bus at " + link_ +
                " takes frames: check the cable, the termination, 250000 bit/s, and that the device has "
                "power");
  EXPECT_EQ(line_->frame_count(), before);
  line_->SetFaults({});
  ASSERT_TRUE(TalksAgain());
  EXPECT_TRUE(Eventually([&] { return bus_->trouble().empty(); })) << bus_->trouble();
}

TEST_F(CanBusTest, BusWithoutPowerIsToldAsAMissingCable) {
  first_.SetPower(false);
  second_.SetPower(false);
  StartBus();
  ASSERT_TRUE(Eventually([&] {
    Say(1);
    return talker_.downs() > 0;
  }));
  first_.SetPower(true);
  EXPECT_TRUE(TalksAgain());
}

TEST_F(CanBusTest, HungAdapterIsOpenedAgainUntilItAnswers) {
  StartBus();
  ASSERT_TRUE(TalksAgain());
  SetFaults({.hung = true});
  Say(1);
  Say(2);
  ASSERT_TRUE(Eventually([&] { return talker_.downs() == 1; }));
  SetFaults({});
  EXPECT_TRUE(TalksAgain());
}

TEST_F(CanBusTest, LineOfAnotherOwnerIsLeftAlone) {
  StartBus();
  CanBus second({.slcan_port = link_});
  ASSERT_TRUE(second.Start().ok());
  EXPECT_EQ(OwnerOf(second.owned()), LineOwner::kDaemon) << second.owned();
  EXPECT_NE(second.trouble().find("already used"), std::string::npos) << second.trouble();
  second.Stop();
  EXPECT_TRUE(TalksAgain()) << "the first one is undisturbed";
}

TEST_F(CanBusTest, RateThatSlcanDoesNotHaveIsRefusedAtOnce) {
  CanBus bus({.slcan_port = link_, .bitrate = 83'333});
  EXPECT_TRUE(absl::IsInvalidArgument(bus.Start()));
}

TEST_F(CanBusTest, InterfaceThatIsNoneIsToldAndLookedForAgain) {
  CanBus bus({.interface = "abcds-none0"});
  ASSERT_TRUE(bus.Start().ok());
  EXPECT_NE(bus.trouble(), "");
}

TEST_F(CanBusTest, PortTakesTheAdapterOverFromABus) {
  const std::vector<CanFilter> filters = {{.id = kAnswers + 2, .extended = true}};
  StartBus();
  Say(6);
  ASSERT_TRUE(Eventually([&] { return talker_.Heard().size() == 1; }));
  bus_->Stop();
  auto port = CanPort::Open({.slcan_port = link_}, filters);
  ASSERT_TRUE(port.ok()) << port.status();
  ASSERT_TRUE((*port)->Send(Frame(kRequests + 2, 7), MonotonicNow() + 10s).ok());
  const auto answer = (*port)->Receive(MonotonicNow() + 10s);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(*answer, Frame(kAnswers + 2, 7));
  const auto none = (*port)->Receive(MonotonicNow() + 20ms);
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(*none, std::nullopt);
}

TEST_F(CanBusTest, PortWithoutABusSaysWhatIsWrong) {
  const std::vector<CanFilter> filters = {{.id = kAnswers + 2, .extended = true}};
  line_->SetFaults({.cable_out = true});
  auto port = CanPort::Open({.slcan_port = link_}, filters);
  ASSERT_TRUE(port.ok()) << port.status();
  absl::Status sent = absl::OkStatus();
  ASSERT_TRUE(Eventually([&] {
    sent = (*port)->Send(Frame(kRequests + 2, 1), MonotonicNow() + 300ms);
    return !sent.ok();
  }));
  EXPECT_TRUE(absl::IsDeadlineExceeded(sent)) << sent;
  EXPECT_TRUE(Eventually([&] {
    sent = (*port)->Send(Frame(kRequests + 2, 1), MonotonicNow() + 300ms);
    return sent.message().find("nobody on the CAN bus") != std::string::npos;
  })) << sent;
}

}  // namespace
}  // namespace abcds
