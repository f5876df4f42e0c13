#include "hal/transport/tcp_connect.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"

namespace abcds {
namespace {

constexpr char kScheme[] = "tcp://";

void SetOption(int fd, int level, int name, int value) {
  // A kernel without the option only notices a dead peer later; exchanges have their own timeouts.
  [[maybe_unused]] const int result = setsockopt(fd, level, name, &value, sizeof(value));
}

// 0 or the errno of the attempt.
int ConnectUntil(int fd, const addrinfo& address, MonotonicTime deadline) {
  if (connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd descriptor{.fd = fd, .events = POLLOUT, .revents = 0};
  for (;;) {
    const Nanoseconds left = deadline - MonotonicNow();
    if (left <= Nanoseconds(0)) return ETIMEDOUT;
    const int ready =
        poll(&descriptor, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
    if (ready < 0 && errno != EINTR) return errno;
    if (ready > 0) break;
  }
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

absl::StatusOr<TcpAddress> ParseTcpAddress(const std::string& text) {
  const auto wrong = [&text] {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is not a TCP port: write tcp://host:port, e.g. tcp://192.168.1.40:8899"));
  };
  if (text.rfind(kScheme, 0) != 0) return wrong();
  const std::string rest = text.substr(sizeof(kScheme) - 1);
  const size_t colon = rest.rfind(':');
  if (colon == std::string::npos) return wrong();
  TcpAddress address{.host = rest.substr(0, colon), .port = rest.substr(colon + 1)};
  if (address.host.size() >= 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find(':') != std::string::npos) {
    return wrong();
  }
  int number = 0;
  const char* end = address.port.data() + address.port.size();
  const auto [parsed, error] = std::from_chars(address.port.data(), end, number);
  if (address.host.empty() || error != std::errc() || parsed != end || number < 1 || number > 65535) return wrong();
  // One spelling for one address: it is claimed by it.
  std::transform(address.host.begin(), address.host.end(), address.host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  address.port = std::to_string(number);
  return address;
}

absl::StatusOr<OwnedFd> TcpConnect(const TcpAddress& address, Nanoseconds patience) {
  const auto unavailable = [&address](const std::string& why) {
    return absl::UnavailableError(absl::StrCat("cannot connect to ", address.host, ":", address.port, ": ", why));
  };
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found);
  if (failed != 0) return unavailable(gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, &freeaddrinfo);

  const MonotonicTime deadline = MonotonicNow() + patience;
  int error = EHOSTUNREACH;
  for (const addrinfo* each = list.get(); each != nullptr; each = each->ai_next) {
    OwnedFd connection(socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, each->ai_protocol));
    if (!connection.valid()) continue;
    error = ConnectUntil(connection.get(), *each, deadline);
    if (error != 0) continue;
    SetOption(connection.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    SetOption(connection.get(), SOL_SOCKET, SO_KEEPALIVE, 1);
    SetOption(connection.get(), IPPROTO_TCP, TCP_KEEPIDLE, 4);
    SetOption(connection.get(), IPPROTO_TCP, TCP_KEEPINTVL, 2);
    SetOption(connection.get(), IPPROTO_TCP, TCP_KEEPCNT, 3);
    return connection;
  }
  return unavailable(std::strerror(error));
}

}  // namespace abcds
