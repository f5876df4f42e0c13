#include "hal/transport/serial_port.h"

#include <fcntl.h>
#include <libserialport.h>
#include <linux/serial.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/transport/fd_stream.h"
#include "hal/transport/owned_fd.h"
#include "hal/transport/port_owner.h"
#include "hal/transport/tcp_connect.h"

namespace abcds {
namespace {

constexpr Nanoseconds kConnectPatience = std::chrono::seconds(2);

struct BaudRate {
  int baud;
  speed_t code;
};
constexpr BaudRate kBaudRates[] = {{1200, B1200},   {2400, B2400},   {4800, B4800},   {9600, B9600},
                                   {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200}};

const BaudRate* FindBaudRate(int baud) {
  for (const BaudRate& each : kBaudRates) {
    if (each.baud == baud) return &each;
  }
  return nullptr;
}

absl::Status OpenError(const std::string& port, int error) {
  switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ENOTDIR:
      return absl::NotFoundError(absl::StrCat(port, " does not exist: is the adapter plugged in?"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(
          absl::StrCat("no permission to open ", port, ": add the user to the group dialout"));
    case EBUSY:
      return PortInUse(port, 0);
    default:
      return absl::UnavailableError(absl::StrCat("cannot open ", port, ": ", std::strerror(error)));
  }
}

// The tty side of a line: closing it must never wait for bytes that a dead device does not take (the kernel would
// otherwise wait up to 30 s, even for a killed process).
class TtyStream final : public FdStream {
 public:
  using FdStream::FdStream;
  ~TtyStream() override { TtyStream::Close(); }
  void DiscardOutput() override { tcflush(fd(), TCOFLUSH); }
  void Close() override {
    if (fd() >= 0) tcflush(fd(), TCIOFLUSH);
    FdStream::Close();
  }
};

// A connection and its place in the kernel's name space, given up together.
class TcpStream final : public FdStream {
 public:
  TcpStream(OwnedFd connection, OwnedFd claim, std::string port)
      : FdStream(std::move(connection), std::move(port)), claim_(std::move(claim)) {}
  ~TcpStream() override { TcpStream::Close(); }
  void Close() override {
    FdStream::Close();
    claim_.Reset();
  }

 private:
  OwnedFd claim_;
};

// Settings that only real UARTs have. Each is a bonus: refused ones (driver without it, no privileges) cost latency.
void TuneUart(int fd) {
  ioctl(fd, TIOCEXCL);
  serial_struct settings{};
  if (ioctl(fd, TIOCGSERIAL, &settings) != 0) return;
  // FTDI adapters otherwise hold bytes back for 16 ms.
  settings.flags = static_cast<int>(static_cast<unsigned>(settings.flags) | ASYNC_LOW_LATENCY);
  ioctl(fd, TIOCSSERIAL, &settings);
  // Apart, since changing it needs privileges.
  settings.closing_wait = ASYNC_CLOSING_WAIT_NONE;
  ioctl(fd, TIOCSSERIAL, &settings);
}

bool IsKernelSerialPort(const std::string& node) {
  const size_t slash = node.rfind('/');
  struct stat entry {};
  return stat(absl::StrCat("/sys/class/tty/", node.substr(slash + 1), "/device").c_str(), &entry) == 0;
}

struct PortDeleter {
  void operator()(sp_port* port) const { sp_free_port(port); }
};

// Opened and owned, and not touched otherwise: until the lock is ours, any setting would disturb its owner.
absl::StatusOr<OwnedFd> OpenNode(const std::string& node, const std::string& port) {
  OwnedFd fd(open(node.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd.valid()) return OpenError(port, errno);
  if (isatty(fd.get()) != 1) return absl::InvalidArgumentError(absl::StrCat(port, " is not a serial port"));
  if (absl::Status owned = LockOpenedNode(fd.get(), port); !owned.ok()) return owned;
  return fd;
}

// 0, or the errno of the first setting that was refused. A tty keeps its settings while any descriptor of it is open,
// so that the library's own one may go again. ENOTTY: not a port that libserialport can open.
int SetUpByLibrary(const std::string& node, int baud) {
  sp_port* found = nullptr;
  if (sp_get_port_by_name(node.c_str(), &found) != SP_OK) return ENOTTY;
  const std::unique_ptr<sp_port, PortDeleter> port(found);
  sp_return result = sp_open(port.get(), SP_MODE_READ_WRITE);
  if (result != SP_OK) return result == SP_ERR_FAIL ? sp_last_error_code() : ENOTTY;
  result = sp_set_baudrate(port.get(), baud);
  if (result == SP_OK) result = sp_set_bits(port.get(), 8);
  if (result == SP_OK) result = sp_set_parity(port.get(), SP_PARITY_NONE);
  if (result == SP_OK) result = sp_set_stopbits(port.get(), 1);
  if (result == SP_OK) result = sp_set_flowcontrol(port.get(), SP_FLOWCONTROL_NONE);
  const int error = result == SP_OK ? 0 : result == SP_ERR_FAIL ? sp_last_error_code() : EINVAL;
  sp_close(port.get());
  return error;
}

// For ptys and other ttys that libserialport refuses.
int SetUpByTermios(int fd, speed_t speed) {
  termios settings{};
  if (tcgetattr(fd, &settings) != 0) return errno;
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  settings.c_cflag &= ~static_cast<tcflag_t>(CSTOPB | CRTSCTS);
  settings.c_cc[VMIN] = 0;
  settings.c_cc[VTIME] = 0;
  cfsetspeed(&settings, speed);
  return tcsetattr(fd, TCSANOW, &settings) == 0 ? 0 : errno;
}

absl::StatusOr<std::unique_ptr<ByteStream>> OpenTty(const SerialOptions& options, speed_t speed) {
  // The kernel's own name: libserialport knows no links.
  const std::unique_ptr<char, decltype(&std::free)> node(realpath(options.port.c_str(), nullptr), &std::free);
  if (node == nullptr) return OpenError(options.port, errno);
  absl::StatusOr<OwnedFd> fd = OpenNode(node.get(), options.port);
  if (!fd.ok()) return fd.status();
  int error = IsKernelSerialPort(node.get()) ? SetUpByLibrary(node.get(), options.baud) : ENOTTY;
  if (error == 0) {
    TuneUart(fd->get());
  } else if (error == ENOTTY || error == EINVAL) {
    error = SetUpByTermios(fd->get(), speed);
  }
  if (error != 0) return OpenError(options.port, error);
  tcflush(fd->get(), TCIOFLUSH);
  return std::make_unique<TtyStream>(*std::move(fd), options.port);
}

absl::StatusOr<OwnedFd> Claim(const TcpAddress& address, const std::string& port) {
  std::string host = address.host;
  while (!host.empty() && host.back() == '.') host.pop_back();  // "adapter.lan." is "adapter.lan"
  return ClaimName(absl::StrCat("tcp/", host, ":", address.port), port);
}

absl::StatusOr<std::unique_ptr<ByteStream>> OpenTcp(const std::string& port) {
  absl::StatusOr<TcpAddress> address = ParseTcpAddress(port);
  if (!address.ok()) return address.status();
  absl::StatusOr<OwnedFd> claim = Claim(*address, port);
  if (!claim.ok()) return claim.status();
  absl::StatusOr<OwnedFd> connection = TcpConnect(*address, kConnectPatience);
  if (!connection.ok()) return connection.status();
  return std::make_unique<TcpStream>(*std::move(connection), *std::move(claim), port);
}

}  // namespace

bool IsTcpPort(const std::string& port) { return port.find("://") != std::string::npos; }

absl::Status CheckTcpPortIsFree(const std::string& port) {
  absl::StatusOr<TcpAddress> address = ParseTcpAddress(port);
  if (!address.ok()) return address.status();
  return Claim(*address, port).status();
}

absl::StatusOr<std::unique_ptr<ByteStream>> OpenSerialPort(const SerialOptions& options) {
  if (IsTcpPort(options.port)) return OpenTcp(options.port);
  const BaudRate* rate = FindBaudRate(options.baud);
  if (rate == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.baud, " baud is not a rate that ", options.port, " can be set to: use 1200 to 115200"));
  }
  return OpenTty(options, rate->code);
}

}  // namespace abcds
