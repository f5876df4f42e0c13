// The simulated line seen by a master that is nothing but bytes.
#include "hal/sim/wire/modbus_line.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "hal/rt/clock.h"
#include "hal/sim/wire/lumentree.h"
#include "hal/transport/owned_fd.h"

namespace abcds::sim {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using Bytes = std::vector<uint8_t>;

const Bytes kReadPower = {0x01, 0x03, 0x00, 0x6B, 0x00, 0x01, 0xF5, 0xD6};
const Bytes kPowerIs347 = {0x01, 0x03, 0x02, 0x0D, 0x96, 0x3C, 0xBA};
const Bytes kSet350 = {0x01, 0x10, 0x00, 0x28, 0x00, 0x01, 0x02, 0x01, 0x5E, 0x20, 0x10};

class ModbusLineTest : public testing::Test {
 protected:
  ModbusLineTest()
      : inverter_({.output_w = [] { return 347.8; },
                   .set_w = [this](double power_w) { set_w_ = power_w; },
                   .restart = [this] { ++restarts_; },
                   .dc_voltage_v = [] { return 52.3; },
                   .ac_voltage_v = [this] { return ac_voltage_v_.load(); }},
                  600) {
    const char* folder = std::getenv("TEST_TMPDIR");
    link_ = std::string(folder != nullptr ? folder : "/tmp") + "/line-" + std::to_string(getpid());
    auto line = ModbusLine::Open({.link = link_});
    EXPECT_TRUE(line.ok()) << line.status();
    line_ = *std::move(line);
    line_->Attach(1, inverter_);
    line_->Start();
    Connect();
  }

  void Connect() { master_ = OwnedFd(open(link_.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)); }
  void Send(const Bytes& bytes) {
    ASSERT_EQ(write(master_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  // At least `least` bytes, however long they take, and what arrives until the line has been silent for a moment.
  Bytes Receive(size_t least) {
    Bytes bytes;
    std::array<uint8_t, 64> buffer;
    for (pollfd descriptor{.fd = master_.get(), .events = POLLIN, .revents = 0};
         poll(&descriptor, 1, bytes.size() < least ? 20'000 : 50) > 0;) {
      const ssize_t got = read(master_.get(), buffer.data(), buffer.size());
      if (got <= 0) break;
      bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + got);
    }
    return bytes;
  }
  Bytes Ask(const Bytes& request) {
    const uint64_t before = line_->exchange_count();
    Send(request);
    const MonotonicTime patience = MonotonicNow() + 20s;
    while (line_->exchange_count() == before && MonotonicNow() < patience) SleepUntil(MonotonicNow() + 1ms);
    return Receive(line_->Exchanges(before).at(0).reply.size());
  }

  std::string link_;
  std::atomic<double> set_w_{-1};
  std::atomic<int> restarts_{0};
  std::atomic<double> ac_voltage_v_{231.7};
  LumentreeInverter inverter_;
  std::unique_ptr<ModbusLine> line_;
  OwnedFd master_;
};

TEST_F(ModbusLineTest, AnswersTheProtocolsFrames) {
  EXPECT_EQ(Ask(kReadPower), kPowerIs347);
  EXPECT_EQ(Ask({0x01, 0x03, 0x00, 0x6D, 0x00, 0x01, 0x15, 0xD7}), (Bytes{0x01, 0x03, 0x02, 0x02, 0x0B, 0xF8, 0xE3}));
  EXPECT_EQ(Ask({0x01, 0x03, 0x00, 0x46, 0x00, 0x01, 0x65, 0xDF}), (Bytes{0x01, 0x03, 0x02, 0x09, 0x0D, 0x7F, 0xD1}));
  EXPECT_EQ(Ask({0x01, 0x03, 0x00, 0x5E, 0x00, 0x01, 0xE5, 0xD8}), (Bytes{0x01, 0x03, 0x02, 0x01, 0x3F, 0xF9, 0xC4}));
  EXPECT_EQ(Ask(kSet350), (Bytes{0x01, 0x10, 0x00, 0x28, 0x00, 0x01, 0x81, 0xC1}));
  EXPECT_EQ(set_w_, 350);
}

TEST_F(ModbusLineTest, RefusesWhatTheInverterRefuses) {
  // The setpoint cannot be read; 700 W is beyond the model.
  EXPECT_EQ(Ask({0x01, 0x03, 0x00, 0x28, 0x00, 0x01, 0x04, 0x02}), (Bytes{0x01, 0x83, 0x02, 0xC0, 0xF1}));
  Bytes too_much = {0x01, 0x10, 0x00, 0x28, 0x00, 0x01, 0x02, 0x02, 0xBC};
  const uint16_t checksum = ModbusChecksum(too_much);
  too_much.push_back(static_cast<uint8_t>(checksum));
  too_much.push_back(static_cast<uint8_t>(checksum >> 8));
  EXPECT_EQ(Ask(too_much), (Bytes{0x01, 0x90, 0x03, 0x0C, 0x01}));
  EXPECT_EQ(set_w_, -1);
}

TEST_F(ModbusLineTest, ChecksumIsTheStandardOne) {
  const std::string digits = "123456789";
  EXPECT_EQ(ModbusChecksum(Bytes(digits.begin(), digits.end())), 0x4B37);
  EXPECT_EQ(ModbusChecksum(kReadPower), 0);
}

TEST_F(ModbusLineTest, IgnoresOtherUnitsBadChecksumsAndRecoversFromHalfARequest) {
  EXPECT_EQ(Ask({0x02, 0x03, 0x00, 0x6B, 0x00, 0x01, 0xF5, 0xE5}), Bytes());
  EXPECT_EQ(Ask({0x01, 0x03, 0x00, 0x6B, 0x00, 0x01, 0xF5, 0xD7}), Bytes());
  // Forgotten when its rest does not come; a busy machine may take the next request for that.
  Send({0x01, 0x03, 0x00});
  bool recovered = false;
  for (int attempt = 0; attempt < 20 && !recovered; ++attempt) recovered = Ask(kReadPower) == kPowerIs347;
  EXPECT_TRUE(recovered);
}

TEST_F(ModbusLineTest, TakesTheWiresTime) {
  const MonotonicTime asked_at = MonotonicNow();
  EXPECT_EQ(Ask(kReadPower), kPowerIs347);
  const WireExchange exchange = line_->Exchanges().back();
  EXPECT_EQ(exchange.request, kReadPower);
  EXPECT_EQ(exchange.reply, kPowerIs347);
  // 8 and 7 characters of 1.04 ms and 4 ms to think.
  EXPECT_NEAR(1e3 * ToSeconds(exchange.heard_at - exchange.asked_at), 8.33, 0.01);
  EXPECT_NEAR(1e3 * ToSeconds(exchange.answered_at - exchange.heard_at), 11.29, 0.01);
  EXPECT_GE(exchange.answered_at - asked_at, 19ms);
}

TEST_F(ModbusLineTest, MisbehavesAsTold) {
  line_->SetFaults({.stray_byte_every = 2});
  EXPECT_EQ(Ask(kReadPower).size(), 7u);
  EXPECT_EQ(Ask(kReadPower).size(), 8u);
  line_->SetFaults({.corrupt_every = 1});
  EXPECT_NE(ModbusChecksum(Ask(kReadPower)), 0);
  line_->SetFaults({.half_every = 1});
  EXPECT_EQ(Ask(kReadPower).size(), 3u);
  line_->SetFaults({.wrong_address = true});
  EXPECT_EQ(Ask(kReadPower)[0], 2);
  line_->SetFaults({.exception = 6});
  EXPECT_EQ(Ask(kReadPower)[2], 6);
  line_->SetFaults({.silent = true, .echo = true});
  EXPECT_EQ(Ask(kReadPower), kReadPower);
  line_->SetFaults({.mute = true});
  EXPECT_EQ(Ask(kSet350), Bytes());
  EXPECT_EQ(set_w_, 350) << "obeyed all the same";
}

TEST_F(ModbusLineTest, OneDevicesFaultsAreNotItsNeighbours) {
  line_->SetFaults(2, {.silent = true});
  EXPECT_EQ(Ask(kReadPower), kPowerIs347);
  line_->SetFaults(1, {.silent = true});
  EXPECT_EQ(Ask(kReadPower), Bytes());
  EXPECT_TRUE(line_->faults(1).silent);
  EXPECT_FALSE(line_->faults(3).silent);
  line_->SetFaults({});
  EXPECT_EQ(Ask(kReadPower), kPowerIs347) << "those of all devices replace those of one";
}

TEST_F(ModbusLineTest, UnpluggedLineHangsUpAndComesBackUnderTheSamePath) {
  line_->Unplug();
  pollfd descriptor{.fd = master_.get(), .events = POLLIN, .revents = 0};
  ASSERT_GT(poll(&descriptor, 1, 5000), 0);
  EXPECT_NE(descriptor.revents & POLLHUP, 0);
  struct stat entry {};
  EXPECT_NE(lstat(link_.c_str(), &entry), 0);
  ASSERT_TRUE(line_->Plug().ok());
  Connect();
  EXPECT_EQ(Ask(kReadPower), kPowerIs347);
}

TEST_F(ModbusLineTest, WithoutMainsItIsSilentAndRestartsDeaf) {
  ac_voltage_v_ = 0;
  EXPECT_EQ(Ask(kReadPower), Bytes());
  ac_voltage_v_ = 230;
  EXPECT_EQ(Ask(kReadPower), kPowerIs347);
  EXPECT_EQ(restarts_, 1);
  EXPECT_EQ(Ask(kSet350).size(), 8u) << "acknowledged";
  EXPECT_EQ(set_w_, -1) << "and not obeyed";
}

TEST(PtyTest, DoesNotReplaceWhatIsNoLink) {
  const char* folder = std::getenv("TEST_TMPDIR");
  const std::string path = std::string(folder != nullptr ? folder : "/tmp") + "/file-" + std::to_string(getpid());
  OwnedFd file(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  EXPECT_TRUE(absl::IsAlreadyExists(Pty::Open(path).status()));
  unlink(path.c_str());
}

}  // namespace
}  // namespace abcds::sim
