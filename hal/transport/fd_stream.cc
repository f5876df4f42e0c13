#include "hal/transport/fd_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/rt/clock.h"
#include "hal/rt/timespec.h"

namespace abcds {
namespace {

// More than this waiting unread is no late answer but a line that never stops talking.
constexpr size_t kMostDiscarded = 4096;

// True when `events` (or an error, which the next read or write reports) are there before `deadline`.
bool WaitFor(int fd, short events, MonotonicTime deadline) {
  pollfd descriptor{.fd = fd, .events = events, .revents = 0};
  for (;;) {
    const timespec timeout = ToTimespec(deadline - MonotonicNow());
    const int ready = ppoll(&descriptor, 1, &timeout, nullptr);
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

// write(2) raises SIGPIPE on a socket whose peer has gone; send(2) can be told not to, but knows sockets only.
ssize_t WriteQuietly(int fd, std::span<const uint8_t> bytes) {
  const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return sent < 0 && errno == ENOTSOCK ? write(fd, bytes.data(), bytes.size()) : sent;
}

}  // namespace

FdStream::FdStream(OwnedFd fd, std::string port) : fd_(std::move(fd)), port_(std::move(port)) {}

absl::Status FdStream::Gone(int error) const {
  return absl::UnavailableError(absl::StrCat(port_, " is gone: ", error == 0 ? "closed" : std::strerror(error)));
}

absl::StatusOr<size_t> FdStream::Read(std::span<uint8_t> buffer, MonotonicTime deadline) {
  if (!fd_.valid()) return Gone(EBADF);
  for (;;) {
    if (!WaitFor(fd_.get(), POLLIN, deadline)) return 0;
    const ssize_t got = read(fd_.get(), buffer.data(), buffer.size());
    if (got > 0) return static_cast<size_t>(got);
    // poll() said readable, so nothing to read means the end: a hung-up tty or a closed connection.
    if (got == 0) return Gone(0);
    if (errno != EAGAIN && errno != EINTR) return Gone(errno);
  }
}

absl::Status FdStream::Write(std::span<const uint8_t> bytes, MonotonicTime deadline) {
  if (!fd_.valid()) return Gone(EBADF);
  while (!bytes.empty()) {
    const ssize_t sent = WriteQuietly(fd_.get(), bytes);
    if (sent >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!WaitFor(fd_.get(), POLLOUT, deadline)) {
        return absl::DeadlineExceededError(absl::StrCat(port_, " does not take any more bytes"));
      }
    } else if (errno != EINTR) {
      return Gone(errno);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> FdStream::DiscardInput() {
  if (!fd_.valid()) return Gone(EBADF);
  std::array<uint8_t, 256> rubbish;
  size_t discarded = 0;
  while (discarded < kMostDiscarded) {
    // A tty with VMIN 0 answers "nothing there" with 0 like a closed connection does; poll() tells them apart.
    pollfd descriptor{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    if (poll(&descriptor, 1, 0) <= 0) break;
    const ssize_t got = read(fd_.get(), rubbish.data(), rubbish.size());
    if (got > 0) {
      discarded += static_cast<size_t>(got);
    } else if (got == 0) {
      // What came before the end counts; the end is told next time.
      return discarded > 0 ? absl::StatusOr<size_t>(discarded) : Gone(0);
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      return Gone(errno);
    }
  }
  return discarded;
}

}  // namespace abcds
