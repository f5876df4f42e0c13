#include "hal/transport/wait_readable.h"

#include <poll.h>

#include <array>

#include "hal/rt/clock.h"
#include "hal/rt/timespec.h"

namespace abcds {
namespace {

// A signal ends the wait early; callers loop over their own due times anyway.
bool Poll(pollfd* descriptors, nfds_t count, MonotonicTime until) noexcept {
  if (until == MonotonicTime::max()) return ppoll(descriptors, count, nullptr, nullptr) > 0;
  const timespec timeout = ToTimespec(until - MonotonicNow());
  return ppoll(descriptors, count, &timeout, nullptr) > 0;
}

}  // namespace

bool WaitReadable(Waker& waker, int fd, MonotonicTime until) noexcept {
  std::array<pollfd, 2> descriptors = {pollfd{.fd = waker.fd(), .events = POLLIN, .revents = 0},
                                       pollfd{.fd = fd, .events = POLLIN, .revents = 0}};
  if (!Poll(descriptors.data(), descriptors.size(), until)) return false;
  if (descriptors[0].revents != 0) waker.Clear();
  return descriptors[1].revents != 0;
}

bool WaitReadable(int fd, MonotonicTime until) noexcept {
  pollfd descriptor{.fd = fd, .events = POLLIN, .revents = 0};
  return Poll(&descriptor, 1, until);
}

}  // namespace abcds
