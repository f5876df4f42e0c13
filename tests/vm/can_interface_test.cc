// The CAN bus over an interface of the kernel. Runs in the machine that boot.sh starts, with vcan loaded (echo=1) and
// as root: it makes, breaks and deletes the interface.
#include <gtest/gtest.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <linux/can/raw.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "hal/rt/clock.h"
#include "hal/sim/wire/can_line.h"
#include "hal/transport/can_bus.h"
#include "hal/transport/can_client.h"
#include "hal/transport/can_port.h"
#include "hal/transport/owned_fd.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr char kInterface[] = "vcan0";
constexpr uint32_t kRequests = 0x000C0102;
constexpr uint32_t kAnswers = 0x000C0002;

bool Eventually(const std::function<bool()>& holds, Nanoseconds patience = 30s) {
  const MonotonicTime deadline = MonotonicNow() + patience;
  while (!holds()) {
    if (MonotonicNow() >= deadline) return false;
    SleepUntil(MonotonicNow() + 2ms);
  }
  return true;
}

void Shell(const std::string& command) { ASSERT_EQ(std::system(command.c_str()), 0) << command; }
void Link(const std::string& what) { Shell("ip link set vcan0 " + what); }
void Queue(const std::string& what) { Shell("tc qdisc " + what); }

CanFrame Frame(uint32_t id, uint8_t number) {
  return {.id = id, .extended = true, .remote = false, .size = 2, .data = {number, 0x00}};
}

// Somebody else on the same interface, below all our classes.
class Neighbour {
 public:
  Neighbour() : socket_(socket(PF_CAN, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, CAN_RAW)) {
    sockaddr_can address{};
    address.can_family = AF_CAN;
    address.can_ifindex = static_cast<int>(if_nametoindex(kInterface));
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  void Say(uint32_t id_and_flags, std::vector<uint8_t> data = {}) {
    can_frame frame{};
    frame.can_id = id_and_flags;
    frame.len = static_cast<uint8_t>(data.size());
    std::copy(data.begin(), data.end(), frame.data);
    ASSERT_EQ(write(socket_.get(), &frame, sizeof(frame)), static_cast<ssize_t>(sizeof(frame)));
  }
  void SayError(uint32_t classes, uint8_t detail = 0) { Say(CAN_ERR_FLAG | classes, {0, detail, 0, 0, 0, 0, 0, 0}); }

 private:
  OwnedFd socket_;
};

// Answers every request with the same bytes.
class Echo final : public sim::SimCanDevice {
 public:
  std::vector<Answer> OnFrame(const CanFrame& frame, MonotonicTime) override {
    if (!frame.extended || frame.remote || frame.id != kRequests) return {};
    CanFrame answer = frame;
    answer.id = kAnswers;
    return {{.frame = answer, .delay = 2ms}};
  }
};

class Talker final : public CanClient {
 public:
  // One that also wants to hear what it sends itself.
  explicit Talker(bool greedy) : filters_{{.id = kAnswers, .extended = true}} {
    if (greedy) filters_.push_back({.id = kRequests, .extended = true});
  }
  void Say(uint8_t number) {
    const std::lock_guard<std::mutex> lock(mutex_);
    due_.push_back(Frame(kRequests, number));
  }
  std::vector<CanFrame> Heard() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return heard_;
  }
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
  void OnSent(const CanFrame&, MonotonicTime) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    due_.pop_front();
  }
  void OnFrame(const CanFrame& frame, MonotonicTime) noexcept override {
    const std::lock_guard<std::mutex> lock(mutex_);
    heard_.push_back(frame);
  }
  void OnLink(bool up, MonotonicTime) noexcept override { up ? ++ups_ : ++downs_; }

 private:
  std::vector<CanFilter> filters_;
  std::mutex mutex_;
  std::deque<CanFrame> due_;
  std::vector<CanFrame> heard_;
  std::atomic<int> ups_{0};
  std::atomic<int> downs_{0};
};

class CanInterfaceTest : public testing::Test {
 protected:
  void SetUp() override {
    Shell("ip link add vcan0 type vcan");
    Link("up");
    auto line = sim::CanLine::Open({.interface = kInterface});
    ASSERT_TRUE(line.ok()) << line.status();
    line_ = *std::move(line);
    line_->Attach(device_);
    line_->Start();
  }
  void TearDown() override {
    bus_.reset();
    line_.reset();
    [[maybe_unused]] const int deleted = std::system("ip link del vcan0 2> /dev/null");  // not always there any more
  }

  void StartBus(bool bring_up = false, bool greedy = false) {
    talker_ = std::make_unique<Talker>(greedy);
    bus_ = std::make_unique<CanBus>(CanOptions{.interface = kInterface, .bring_up = bring_up});
    bus_->Attach(*talker_);
    const absl::Status started = bus_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }
  void Say(uint8_t number) {
    talker_->Say(number);
    bus_->waker().Wake();
  }
  bool Talks() {
    const size_t before = talker_->Heard().size();
    MonotonicTime next = MonotonicTime::min();
    return Eventually([&] {
      if (MonotonicNow() >= next) {
        next = MonotonicNow() + 200ms;
        Say(200);
      }
      return talker_->Heard().size() > before;
    });
  }
  bool TroubleIs(const std::string& words) {
    return Eventually([&] { return words.empty() ? bus_->trouble().empty() : bus_->trouble().find(words) == 0; });
  }

  Echo device_;
  std::unique_ptr<sim::CanLine> line_;
  std::unique_ptr<Talker> talker_;
  std::unique_ptr<CanBus> bus_;
};

TEST_F(CanInterfaceTest, EveryFrameIsAnsweredOnceAndInOrder) {
  StartBus();
  for (int i = 0; i < 200; ++i) Say(static_cast<uint8_t>(i));
  ASSERT_TRUE(Eventually([&] { return talker_->Heard().size() == 200; })) << bus_->trouble();
  const std::vector<CanFrame> heard = talker_->Heard();
  for (size_t i = 0; i < heard.size(); ++i) EXPECT_EQ(heard[i], Frame(kAnswers, static_cast<uint8_t>(i)));
  EXPECT_EQ(bus_->counters().frames.sent, 200u);
  EXPECT_EQ(bus_->counters().frames.unconfirmed, 0u);
  EXPECT_EQ(bus_->trouble(), "");
}

TEST_F(CanInterfaceTest, NothingButTheAnswersPassesTheFilter) {
  StartBus();
  ASSERT_TRUE(Eventually([&] { return talker_->ups() == 1; }));
  Neighbour neighbour;
  neighbour.Say(kAnswers & CAN_SFF_MASK, {1});            // a standard frame with the same low bits
  neighbour.Say(kAnswers | CAN_EFF_FLAG | CAN_RTR_FLAG);  // a request for that frame
  for (int bit = 0; bit < 29; ++bit) neighbour.Say((kAnswers ^ 1u << bit) | CAN_EFF_FLAG, {2});
  neighbour.Say(kAnswers | CAN_EFF_FLAG, {9, 0});
  ASSERT_TRUE(Eventually([&] { return !talker_->Heard().empty(); }));
  EXPECT_EQ(talker_->Heard(), std::vector<CanFrame>{Frame(kAnswers, 9)});
  EXPECT_EQ(bus_->counters().frames.received, 1u);
  EXPECT_EQ(bus_->counters().frames.foreign_senders, 0u);  // nor what is neither an answer nor a request
}

TEST_F(CanInterfaceTest, OwnFramesAreNotGivenBack) {
  StartBus(false, true);
  ASSERT_TRUE(Talks());
  for (const CanFrame& frame : talker_->Heard()) EXPECT_EQ(frame.id, kAnswers);
}

TEST_F(CanInterfaceTest, AnotherControllerIsNoticedAndForgotten) {
  StartBus();
  ASSERT_TRUE(Talks());
  Neighbour neighbour;
  neighbour.Say(kRequests | CAN_EFF_FLAG, {200, 0});
  EXPECT_TRUE(TroubleIs("something else on vcan0 commands the same devices")) << bus_->trouble();
  EXPECT_EQ(bus_->counters().frames.foreign_senders, 1u);
  EXPECT_TRUE(TroubleIs("")) << bus_->trouble();
  EXPECT_EQ(talker_->downs(), 0);
}

TEST_F(CanInterfaceTest, ComesBackWithTheInterface) {
  StartBus();
  ASSERT_TRUE(Talks());
  Link("down");
  ASSERT_TRUE(TroubleIs("vcan0 is down: bring it up with: ip link set vcan0 up")) << bus_->trouble();
  EXPECT_EQ(talker_->downs(), 1);
  Link("up");
  EXPECT_TRUE(Talks()) << bus_->trouble();
  EXPECT_EQ(bus_->trouble(), "");
}

TEST_F(CanInterfaceTest, InterfaceDeletedAndMadeAnewUnderTheSameName) {
  StartBus();
  ASSERT_TRUE(Talks());
  Shell("ip link del vcan0");
  ASSERT_TRUE(TroubleIs("there is no interface vcan0")) << bus_->trouble();
  Shell("ip link add spare0 type vcan");  // so that it gets another index
  Shell("ip link add vcan0 type vcan");
  Link("up");
  EXPECT_TRUE(Talks()) << bus_->trouble();
  Shell("ip link del spare0");
}

TEST_F(CanInterfaceTest, IsBroughtUpWhereThatIsConfigured) {
  Link("down");
  StartBus(true);
  ASSERT_TRUE(Talks()) << bus_->trouble();
  Link("down");
  ASSERT_TRUE(Eventually([&] { return talker_->downs() == 1; }));
  EXPECT_TRUE(Talks()) << bus_->trouble();
}

TEST_F(CanInterfaceTest, WithoutThePrivilegeTheSentenceSaysWhatToDo) {
  Link("down");
  absl::Status refused;
  // Privileges are a thread's own.
  std::thread([&refused] {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    ASSERT_EQ(syscall(SYS_capset, &header, none.data()), 0);
    refused = CanPort::Open({.interface = kInterface, .bring_up = true}, {}).status();
  }).join();
  EXPECT_TRUE(absl::IsPermissionDenied(refused)) << refused;
  EXPECT_EQ(refused.message(),
            "vcan0 is down, and this process may not bring it up (CAP_NET_ADMIN): as root, ip link set vcan0 up");
}

TEST_F(CanInterfaceTest, BusOffIsToldAndItsEndIsSeen) {
  StartBus();
  ASSERT_TRUE(Talks());
  Neighbour controller;
  controller.SayError(CAN_ERR_BUSOFF);
  ASSERT_TRUE(TroubleIs("vcan0 has left the bus because of errors (bus-off): check the cable")) << bus_->trouble();
  EXPECT_EQ(talker_->downs(), 1);
  controller.SayError(CAN_ERR_RESTARTED);
  EXPECT_TRUE(Talks());
  // The same without the news of its end: the interface is looked at, and runs.
  controller.SayError(CAN_ERR_BUSOFF);
  ASSERT_TRUE(Eventually([&] { return talker_->downs() == 2; }));
  EXPECT_TRUE(Talks());
  EXPECT_EQ(bus_->counters().frames.bus_offs, 2u);
  EXPECT_GE(bus_->counters().frames.error_frames, 3u);
}

TEST_F(CanInterfaceTest, ManyErrorsAreTold) {
  StartBus();
  ASSERT_TRUE(Talks());
  Neighbour controller;
  controller.SayError(CAN_ERR_CRTL, CAN_ERR_CRTL_TX_PASSIVE);
  EXPECT_TRUE(
      TroubleIs("vcan0 sees many errors on the bus (error-passive): check the cable, the termination and "
                "250000 bit/s"))
      << bus_->trouble();
  controller.SayError(CAN_ERR_CRTL, CAN_ERR_CRTL_ACTIVE);
  EXPECT_TRUE(TroubleIs(""));
  EXPECT_EQ(talker_->downs(), 0);
}

// A queue that holds frames back is what a controller without anybody to acknowledge looks like.
TEST_F(CanInterfaceTest, NobodyTakesFramesUntilTheCableIsBack) {
  StartBus();
  ASSERT_TRUE(Talks());
  const uint64_t before = bus_->counters().frames.sent;
  Queue("add dev vcan0 root netem delay 2s");
  for (uint8_t i = 0; i < 5; ++i) Say(i);
  ASSERT_TRUE(TroubleIs("nobody on vcan0 takes frames: check the cable, the termination and 250000 bit/s"))
      << bus_->trouble();
  EXPECT_EQ(talker_->downs(), 1);
  // One stale frame waits, not five.
  EXPECT_EQ(bus_->counters().frames.sent, before + 1);
  EXPECT_TRUE(Eventually([&] { return talker_->ups() == 2; }));
  Queue("del dev vcan0 root");
  EXPECT_TRUE(Talks());
  EXPECT_TRUE(TroubleIs("")) << bus_->trouble();
}

TEST_F(CanInterfaceTest, LostConfirmationDoesNotStopTheBusForEver) {
  StartBus();
  ASSERT_TRUE(Talks());
  Queue("add dev vcan0 root netem delay 200s");
  Say(1);
  ASSERT_TRUE(Eventually([&] { return talker_->downs() == 1; }));
  Queue("del dev vcan0 root");  // with the frame in it
  EXPECT_TRUE(Eventually([&] { return talker_->ups() == 2; }));
  EXPECT_TRUE(Talks());
}

TEST_F(CanInterfaceTest, FullQueueIsOutwaited) {
  StartBus();
  ASSERT_TRUE(Talks());
  // Another program's frame fills it.
  Queue("add dev vcan0 root netem delay 200s limit 1");
  Neighbour neighbour;
  neighbour.Say(0x123, {1});
  Say(1);
  ASSERT_TRUE(TroubleIs("the send queue of vcan0 stays full")) << bus_->trouble();
  EXPECT_GT(bus_->counters().frames.refused, 1u);
  Queue("del dev vcan0 root");
  EXPECT_TRUE(Talks());
  EXPECT_TRUE(TroubleIs("")) << bus_->trouble();
}

TEST_F(CanInterfaceTest, OneOwnerPerInterface) {
  StartBus();
  const absl::Status refused = CanPort::Open({.interface = kInterface}, {}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_EQ(refused.message().find("vcan0 is already used"), 0u) << refused;
}

TEST_F(CanInterfaceTest, AnotherKindOfInterfaceIsRefused) {
  const absl::Status refused = CanPort::Open({.interface = "lo"}, {}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  EXPECT_EQ(refused.message(), "lo is no CAN interface");
}

TEST_F(CanInterfaceTest, PortAsksAndIsAnswered) {
  const std::vector<CanFilter> filters = {{.id = kAnswers, .extended = true}};
  const auto port = CanPort::Open({.interface = kInterface}, filters);
  ASSERT_TRUE(port.ok()) << port.status();
  ASSERT_TRUE((*port)->Send(Frame(kRequests, 7), MonotonicNow() + 10s).ok());
  const auto answer = (*port)->Receive(MonotonicNow() + 10s);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(*answer, Frame(kAnswers, 7));
}

}  // namespace
}  // namespace abcds
