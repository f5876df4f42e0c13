#include "hal/transport/serial_port.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/sim/wire/pty.h"
#include "hal/transport/owned_fd.h"
#include "hal/transport/tcp_connect.h"
#include "hal/units/line_owner.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::string Path(const char* name) {
  const char* folder = std::getenv("TEST_TMPDIR");
  return std::string(folder != nullptr ? folder : "/tmp") + "/" + name + "-" + std::to_string(getpid());
}

std::unique_ptr<sim::Pty> OpenPty(const char* name) {
  auto pty = sim::Pty::Open(Path(name));
  EXPECT_TRUE(pty.ok()) << pty.status();
  return *std::move(pty);
}

bool Contains(const absl::Status& status, const std::string& text) {
  return std::string(status.message()).find(text) != std::string::npos;
}

// A TCP server that never accepts; the kernel connects all the same.
class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(fd_.get(), 4), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  const std::string& port() const { return port_; }
  OwnedFd Accept() { return OwnedFd(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

 private:
  OwnedFd fd_;
  std::string port_;
};

TEST(SerialPortTest, CarriesEveryByteBothWaysUnchanged) {
  const auto pty = OpenPty("raw");
  const auto line = OpenSerialPort({.port = pty->path()});
  ASSERT_TRUE(line.ok()) << line.status();
  std::vector<uint8_t> all(256);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint8_t>(i);

  ASSERT_TRUE((*line)->Write(all, MonotonicNow() + 1s).ok());
  std::vector<uint8_t> there(all.size());
  ASSERT_EQ(read(pty->fd(), there.data(), there.size()), static_cast<ssize_t>(all.size()));
  EXPECT_EQ(there, all) << "no line discipline touches them";

  ASSERT_EQ(write(pty->fd(), all.data(), all.size()), static_cast<ssize_t>(all.size()));
  std::vector<uint8_t> back;
  std::array<uint8_t, 512> buffer;
  while (back.size() < all.size()) {
    const auto got = (*line)->Read(buffer, MonotonicNow() + 1s);
    ASSERT_TRUE(got.ok() && *got > 0);
    back.insert(back.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
  }
  EXPECT_EQ(back, all);
}

TEST(SerialPortTest, ReadEndsAtItsDeadline) {
  const auto pty = OpenPty("deadline");
  const auto line = OpenSerialPort({.port = pty->path()});
  ASSERT_TRUE(line.ok());
  std::array<uint8_t, 8> buffer;
  const MonotonicTime deadline = MonotonicNow() + 30ms;
  const auto got = (*line)->Read(buffer, deadline);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, 0u);
  EXPECT_GE(MonotonicNow(), deadline);
}

TEST(SerialPortTest, WriteToAStuckLineEndsAtItsDeadlineAndSoDoesClosing) {
  const auto pty = OpenPty("stuck");
  const auto line = OpenSerialPort({.port = pty->path()});
  ASSERT_TRUE(line.ok());
  const std::vector<uint8_t> flood(1 << 20, 0x55);
  EXPECT_TRUE(absl::IsDeadlineExceeded((*line)->Write(flood, MonotonicNow() + 50ms)));
  const MonotonicTime closing_at = MonotonicNow();
  (*line)->Close();
  EXPECT_LT(MonotonicNow() - closing_at, 1s);
  EXPECT_EQ((*line)->fd(), -1);
}

TEST(SerialPortTest, DiscardsWhatNobodyAskedFor) {
  const auto pty = OpenPty("discard");
  const auto line = OpenSerialPort({.port = pty->path()});
  ASSERT_TRUE(line.ok());
  const std::vector<uint8_t> stale(700, 0x11);
  ASSERT_EQ(write(pty->fd(), stale.data(), stale.size()), 700);
  const auto discarded = (*line)->DiscardInput();
  ASSERT_TRUE(discarded.ok());
  EXPECT_EQ(*discarded, 700u);
  EXPECT_EQ(*(*line)->DiscardInput(), 0u);
}

TEST(SerialPortTest, UnpluggedLineIsGone) {
  const auto pty = OpenPty("unplug");
  const auto line = OpenSerialPort({.port = pty->path()});
  ASSERT_TRUE(line.ok());
  pty->Unplug();
  std::array<uint8_t, 8> buffer;
  EXPECT_TRUE(absl::IsUnavailable((*line)->Read(buffer, MonotonicNow() + 1s).status()));
  EXPECT_TRUE(absl::IsUnavailable((*line)->DiscardInput().status()));
  const std::array<uint8_t, 1> byte = {0};
  EXPECT_TRUE(absl::IsUnavailable((*line)->Write(byte, MonotonicNow() + 1s)));
}

TEST(SerialPortTest, DescriptorsEndWithExec) {
  const auto pty = OpenPty("cloexec");
  const auto line = OpenSerialPort({.port = pty->path()});
  ASSERT_TRUE(line.ok());
  EXPECT_NE(fcntl((*line)->fd(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(fcntl((*line)->fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(SerialPortTest, BaudRateIsSet) {
  const auto pty = OpenPty("baud");
  const auto line = OpenSerialPort({.port = pty->path(), .baud = 19200});
  ASSERT_TRUE(line.ok());
  termios settings{};
  ASSERT_EQ(tcgetattr((*line)->fd(), &settings), 0);
  EXPECT_EQ(cfgetospeed(&settings), static_cast<speed_t>(B19200));
}

struct RefusedCase {
  const char* name;
  const char* port;
  int baud;
  absl::StatusCode code;
  const char* sentence;
};

class RefusedPortTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(RefusedPortTest, SaysWhatToDo) {
  const auto line = OpenSerialPort({.port = GetParam().port, .baud = GetParam().baud});
  EXPECT_EQ(line.status().code(), GetParam().code) << line.status();
  EXPECT_TRUE(Contains(line.status(), GetParam().sentence)) << line.status();
}

INSTANTIATE_TEST_SUITE_P(
    Ports, RefusedPortTest,
    testing::Values(
        RefusedCase{"MissingNode", "/dev/serial/by-id/usb-nothing", 9600, absl::StatusCode::kNotFound, "plugged in?"},
        RefusedCase{"NotASerialPort", "/dev/null", 9600, absl::StatusCode::kInvalidArgument, "not a serial port"},
        RefusedCase{"OddBaudRate", "/dev/null", 12345, absl::StatusCode::kInvalidArgument, "12345 baud"},
        RefusedCase{"TcpWithoutPort", "tcp://host", 9600, absl::StatusCode::kInvalidArgument, "tcp://host:port"},
        RefusedCase{"TcpPortZero", "tcp://host:0", 9600, absl::StatusCode::kInvalidArgument, "tcp://host:port"},
        RefusedCase{"TcpPortTooLarge", "tcp://host:65536", 9600, absl::StatusCode::kInvalidArgument, "tcp://host:port"},
        RefusedCase{"TcpBareIpV6", "tcp://::1:502", 9600, absl::StatusCode::kInvalidArgument, "tcp://host:port"},
        RefusedCase{"OtherScheme", "udp://host:1", 9600, absl::StatusCode::kInvalidArgument, "tcp://host:port"},
        RefusedCase{"NobodyListens", "tcp://127.0.0.1:1", 9600, absl::StatusCode::kUnavailable, "127.0.0.1:1"}),
    [](const auto& info) { return info.param.name; });

TEST(SerialPortTest, AddressesInBracketsAreIpV6) {
  const auto address = ParseTcpAddress("tcp://[fe80::1]:8899");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->host, "fe80::1");
  EXPECT_EQ(address->port, "8899");
}

TEST(PortOwnerTest, SecondOpenInThisProcessNamesTheMistake) {
  const auto pty = OpenPty("twice");
  const auto first = OpenSerialPort({.port = pty->path()});
  ASSERT_TRUE(first.ok());
  char node[64];
  ASSERT_EQ(ttyname_r((*first)->fd(), node, sizeof(node)), 0);
  // By another name of the same node.
  const auto second = OpenSerialPort({.port = node});
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
  EXPECT_TRUE(Contains(second.status(), "two buses of the configuration")) << second.status();
  (*first)->Close();
  EXPECT_TRUE(OpenSerialPort({.port = node}).ok());
}

// Opens `port` in another process, which holds it until told to end.
class OtherProcess {
 public:
  explicit OtherProcess(const std::string& port, const char* name = "minicom") {
    EXPECT_EQ(pipe2(ready_, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(end_, O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      close(end_[1]);
      prctl(PR_SET_NAME, name);
      const auto line = OpenSerialPort({.port = port});
      const char opened = line.ok() ? 1 : 0;
      char byte;
      if (write(ready_[1], &opened, 1) == 1) [[maybe_unused]]
        const ssize_t got = read(end_[0], &byte, 1);
      _exit(0);
    }
    close(ready_[1]);
    close(end_[0]);
    char opened = 0;
    EXPECT_EQ(read(ready_[0], &opened, 1), 1);
    EXPECT_EQ(opened, 1);
  }
  void End() {
    close(end_[1]);
    close(ready_[0]);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  int ready_[2];
  int end_[2];
  pid_t pid_;
};

TEST(PortOwnerTest, AnotherProcessIsNamedWithItsNumber) {
  const auto pty = OpenPty("other");
  OtherProcess other(pty->path());
  const auto line = OpenSerialPort({.port = pty->path()});
  EXPECT_TRUE(absl::IsFailedPrecondition(line.status())) << line.status();
  EXPECT_TRUE(Contains(line.status(),
                       pty->path() + " is already used by another process (pid " + std::to_string(other.pid()) + ", "))
      << line.status();
  other.End();
  EXPECT_TRUE(OpenSerialPort({.port = pty->path()}).ok()) << "the lock ends with its process";
}

TEST(PortOwnerTest, OnlyADaemonThatRunsKeepsALineForGood) {
  const auto pty = OpenPty("whose");
  for (const auto& [name, owner] : {std::pair("minicom", LineOwner::kOther), std::pair(kWorkerProcess, LineOwner::kDaemon),
                                    std::pair(kUnguardedProcess, LineOwner::kDaemon),
                                    std::pair(kEndingProcess, LineOwner::kOther),
                                    std::pair(kSafeStateProcess, LineOwner::kOther)}) {
    OtherProcess other(pty->path(), name);
    const absl::Status taken = OpenSerialPort({.port = pty->path()}).status();
    EXPECT_EQ(OwnerOf(taken), owner) << taken;
    EXPECT_TRUE(Contains(taken, absl::StrCat(", ", name, ")"))) << taken;
    other.End();
  }
}

TEST(PortOwnerTest, TcpAddressHasOneOwnerToo) {
  Listener listener;
  OtherProcess other(listener.port());
  const absl::Status busy = CheckTcpPortIsFree(listener.port());
  EXPECT_TRUE(absl::IsFailedPrecondition(busy)) << busy;
  EXPECT_TRUE(Contains(busy, "(pid " + std::to_string(other.pid()))) << busy;
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenSerialPort({.port = listener.port()}).status()));
  other.End();
  EXPECT_TRUE(CheckTcpPortIsFree(listener.port()).ok());
}

TEST(TcpPortTest, CarriesBytesWithoutDelayAndSeesThePeerClose) {
  Listener listener;
  auto line = OpenSerialPort({.port = listener.port()});
  ASSERT_TRUE(line.ok()) << line.status();
  OwnedFd peer = listener.Accept();
  const std::array<uint8_t, 3> bytes = {1, 0, 255};
  ASSERT_TRUE((*line)->Write(bytes, MonotonicNow() + 1s).ok());
  std::array<uint8_t, 8> buffer;
  ASSERT_EQ(read(peer.get(), buffer.data(), buffer.size()), 3);
  ASSERT_EQ(write(peer.get(), bytes.data(), 2), 2);
  const auto got = (*line)->Read(buffer, MonotonicNow() + 1s);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(*got, 2u);
  peer.Reset();
  EXPECT_TRUE(absl::IsUnavailable((*line)->Read(buffer, MonotonicNow() + 1s).status()));
  // The first write after the end is answered by a reset, the second would raise SIGPIPE.
  for (int i = 0; i < 3; ++i) {
    [[maybe_unused]] const absl::Status written = (*line)->Write(bytes, MonotonicNow() + 1s);
  }
  EXPECT_TRUE(absl::IsUnavailable((*line)->Write(bytes, MonotonicNow() + 1s)));
}

}  // namespace
}  // namespace abcds
