#include "server/guard/guarded.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include "hal/units/check.h"
#include "server/guard/agreement.h"

namespace abcds {

std::optional<pid_t> ParseGuardedArgument(const std::string& argument) {
  const size_t length = std::strlen(kGuardedArgument);
  if (argument.compare(0, length, kGuardedArgument) != 0) return std::nullopt;
  pid_t guard = 0;
  const char* const end = argument.data() + argument.size();
  const auto [rest, error] = std::from_chars(argument.data() + length, end, guard);
  if (error != std::errc() || rest != end || guard <= 0) return std::nullopt;
  return guard;
}

bool TakeDescriptors() {
  // Not every child gets all of them; the configuration they all do.
  for (const int fd : {kLifeFd, kHeartbeatFd}) static_cast<void>(fcntl(fd, F_SETFD, FD_CLOEXEC));
  return fcntl(kConfigFd, F_SETFD, FD_CLOEXEC) == 0;
}

void FollowTheGuard(pid_t guard) {
  ABCDS_CHECK(fcntl(kHeartbeatFd, F_SETFL, O_NONBLOCK) == 0 && fcntl(kLifeFd, F_GETFD) >= 0);
  ABCDS_CHECK(prctl(PR_SET_PDEATHSIG, SIGTERM) == 0);
  // It died between fork and here; nothing has been touched yet.
  if (getppid() != guard) _exit(kExitFailed);
}

bool GuardHasGone() {
  pollfd life{.fd = kLifeFd, .events = POLLIN, .revents = 0};
  return poll(&life, 1, 0) > 0;
}

int UnheardBeats() {
  int count = 0;
  return ioctl(kHeartbeatFd, FIONREAD, &count) == 0 ? count : 0;
}

std::string ReadHandedConfig() {
  std::string text;
  std::array<char, 4096> part;
  // By position: the descriptor's own one is shared with everybody who got it.
  while (true) {
    const ssize_t size = pread(kConfigFd, part.data(), part.size(), static_cast<off_t>(text.size()));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(part.data(), static_cast<size_t>(size));
  }
}

}  // namespace abcds
