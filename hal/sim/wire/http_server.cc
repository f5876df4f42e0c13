#include "hal/sim/wire/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/sim/wire/loopback_port.h"

namespace abcds::sim {
namespace {

using Fault = HttpServerFault;

constexpr Nanoseconds kDripInterval = std::chrono::milliseconds(200);
constexpr size_t kLargestRequest = 16 * 1024;
constexpr size_t kMostLogged = 20'000;

// The value of a header, by its name in lower case.
std::string HeaderValue(const std::string& headers, const std::string& name) {
  size_t at = 0;
  while (at < headers.size()) {
    const size_t end = std::min(headers.find("\r\n", at), headers.size());
    const std::string line = headers.substr(at, end - at);
    const size_t colon = line.find(':');
    if (colon != std::string::npos && absl::AsciiStrToLower(line.substr(0, colon)) == name) {
      return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
    }
    at = end + 2;
  }
  return "";
}

}  // namespace

HttpServer::~HttpServer() { Stop(); }

absl::Status HttpServer::Start(int port) {
  port_ = port == 0 ? FreeLoopbackPort() : port;
  if (const absl::Status status = Listen(); !status.ok()) return status;
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void HttpServer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  followed_.notify_all();
  waker_.Wake();
  if (thread_.joinable()) thread_.join();
}

absl::Status HttpServer::Listen() {
  OwnedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port_));
  socklen_t size = sizeof(address);
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd.get(), 8) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on 127.0.0.1:", port_, ": ", std::system_category().message(errno)));
  }
  port_ = ntohs(address.sin_port);
  listener_ = std::move(fd);
  return absl::OkStatus();
}

void HttpServer::SetFault(HttpServerFault fault, bool present) {
  std::unique_lock lock(mutex_);
  faults_.at(static_cast<size_t>(fault)) = present;
  const uint64_t change = ++wanted_;
  waker_.Wake();
  if (thread_.joinable()) followed_.wait(lock, [&] { return stopping_ || in_force_ >= change; });
}

std::vector<HttpAsked> HttpServer::Log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

int HttpServer::most_open() const {
  const std::lock_guard lock(mutex_);
  return most_open_;
}

void HttpServer::Run() noexcept {
  while (true) {
    bool refuses = false;
    uint64_t wanted = 0;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      refuses = faults_.at(static_cast<size_t>(Fault::kRefuse));
      wanted = wanted_;
    }
    if (refuses) {
      listener_ = OwnedFd();
      connections_.clear();
    } else if (listener_.get() < 0) {
      Listen().IgnoreError();  // tried again in the next round
    }
    {
      const std::lock_guard lock(mutex_);
      in_force_ = wanted;
    }
    followed_.notify_all();
    std::vector<pollfd> fds = {{.fd = waker_.fd(), .events = POLLIN, .revents = 0},
                               {.fd = listener_.get(), .events = POLLIN, .revents = 0}};
    MonotonicTime due = MonotonicNow() + std::chrono::milliseconds(500);
    for (const Connection& c : connections_) {
      const bool writes = c.answering && !c.drip && (!c.out.empty() || c.endless);
      fds.push_back({.fd = c.fd.get(), .events = static_cast<short>(POLLIN | (writes ? POLLOUT : 0)), .revents = 0});
      if (c.drip && !c.out.empty()) due = std::min(due, c.next_at);
    }
    const auto left = std::max(due - MonotonicNow(), Nanoseconds(0));
    poll(fds.data(), fds.size(), static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
    if ((fds[0].revents & POLLIN) != 0) waker_.Clear();
    size_t i = 2;
    for (auto c = connections_.begin(); c != connections_.end(); ++i) {
      c = Serve(*c, (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) ? std::next(c) : connections_.erase(c);
    }
    if ((fds[1].revents & POLLIN) != 0) Accept();
  }
}

void HttpServer::Accept() {
  OwnedFd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd.get() < 0) return;
  Connection connection;
  connection.fd = std::move(fd);
  connection.number = ++accepted_;
  connections_.push_back(std::move(connection));
  const std::lock_guard lock(mutex_);
  most_open_ = std::max(most_open_, static_cast<int>(connections_.size()));
}

bool HttpServer::Serve(Connection& connection, bool readable) {
  if (readable && !Receive(connection)) return false;
  return !connection.answering || Send(connection);
}

bool HttpServer::Receive(Connection& connection) {
  char buffer[4096];
  const ssize_t got = recv(connection.fd.get(), buffer, sizeof(buffer), 0);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return false;
  if (got > 0) connection.in.append(buffer, static_cast<size_t>(got));
  if (connection.in.size() > kLargestRequest) return false;
  const size_t end = connection.in.find("\r\n\r\n");
  if (connection.answering || end == std::string::npos) return true;
  const std::string head = connection.in.substr(0, end + 2);
  connection.in.erase(0, end + 4);
  const size_t line_end = head.find("\r\n");
  const std::string line = head.substr(0, line_end);
  const size_t first = line.find(' ');
  const size_t second = line.find(' ', first + 1);
  if (first == std::string::npos || second == std::string::npos) return false;
  HttpAsked asked{.at = MonotonicNow(),
                  .method = line.substr(0, first),
                  .target = line.substr(first + 1, second - first - 1),
                  .headers = head.substr(line_end + 2),
                  .authorization = {},
                  .connection = connection.number};
  asked.authorization = HeaderValue(asked.headers, "authorization");
  {
    const std::lock_guard lock(mutex_);
    if (log_.size() < kMostLogged) log_.push_back(asked);
    connection.faults = faults_;
  }
  Answer(connection, asked);
  return true;
}

void HttpServer::Answer(Connection& connection, const HttpAsked& asked) {
  connection.answering = true;
  connection.drip = connection.Has(Fault::kDrip);
  connection.next_at = MonotonicNow();
  if (connection.Has(Fault::kSilent)) {
    connection.end = End::kHold;
  } else if (connection.Has(Fault::kResetEarly)) {
    connection.end = End::kReset;
  } else if (connection.Has(Fault::kNotHttp)) {
    connection.out = "SSH-2.0-dropbear_2022.83\r\n";
    connection.end = End::kClose;
  } else {
    const bool keep = absl::AsciiStrToLower(HeaderValue(asked.headers, "connection")) != "close";
    Form(connection, handler_(asked), keep);
  }
}

void HttpServer::Form(Connection& connection, const HttpServed& served, bool keep) {
  const bool no_length = connection.Has(Fault::kNoLength);
  keep = keep && !no_length;
  connection.end = keep ? End::kKeep : End::kClose;
  std::string head =
      absl::StrCat("HTTP/1.1 ", served.status, served.status == 200 ? " OK" : " Trouble",
                   connection.Has(Fault::kFoldedHeader) ? "\r\n continued" : "",
                   "\r\nServer: small\r\nContent-Type: application/json\r\nConnection: ", keep ? "keep-alive" : "close",
                   "\r\n", served.headers);
  std::string body = served.body;
  size_t length = body.size();
  if (connection.Has(Fault::kLengthLong)) length += 100;
  if (connection.Has(Fault::kLengthShort)) length /= 2;
  if (connection.Has(Fault::kChunked) || connection.Has(Fault::kEndlessBody)) {
    absl::StrAppend(&head, "Transfer-Encoding: chunked\r\n");
    const size_t half = body.size() / 2;
    const auto chunk = [](const std::string& part) {
      return part.empty() ? part : absl::StrCat(absl::Hex(part.size()), ";x=y\r\n", part, "\r\n");
    };
    body = absl::StrCat(chunk(body.substr(0, half)), chunk(body.substr(half)), "0\r\nTrailer: none\r\n\r\n");
  } else if (!no_length) {
    absl::StrAppend(&head, "Content-Length: ", length, "\r\n");
  }
  if (connection.Has(Fault::kEndlessHeaders)) {
    connection.endless = true;
    connection.out = head;
    return;
  }
  head += "\r\n";
  if (connection.Has(Fault::kEndlessBody)) {
    connection.endless = true;
    connection.out = head;
    return;
  }
  if (connection.Has(Fault::kStallHeaders)) body.clear();
  if (connection.Has(Fault::kStallBody) || connection.Has(Fault::kResetBody)) body.resize(body.size() / 2);
  if (connection.Has(Fault::kStallHeaders) || connection.Has(Fault::kStallBody)) connection.end = End::kHold;
  if (connection.Has(Fault::kResetBody) || connection.Has(Fault::kResetAfter)) connection.end = End::kReset;
  if (connection.Has(Fault::kLengthLong)) connection.end = End::kClose;
  connection.out = head + body;
}

bool HttpServer::Send(Connection& connection) {
  if (connection.endless && connection.out.empty()) {
    connection.out = connection.Has(Fault::kEndlessHeaders) ? "X-Padding: 0123456789\r\n"
                                                            : absl::StrCat("1000\r\n", std::string(4096, ' '), "\r\n");
  }
  while (!connection.out.empty()) {
    if (connection.drip && MonotonicNow() < connection.next_at) return true;
    const size_t size = connection.drip ? 1 : connection.out.size();
    const ssize_t sent = send(connection.fd.get(), connection.out.data(), size, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    connection.out.erase(0, static_cast<size_t>(sent));
    connection.next_at += kDripInterval;
    if (!connection.drip && !connection.out.empty()) return true;
  }
  if (connection.endless) return true;
  switch (connection.end) {
    case End::kHold:
      return true;
    case End::kKeep:
      connection.answering = false;
      return true;
    case End::kReset: {
      const linger at_once{.l_onoff = 1, .l_linger = 0};
      setsockopt(connection.fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
      return false;
    }
    case End::kClose:
      return false;
  }
  return false;
}

}  // namespace abcds::sim
