#include "hal/rt/waker.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "hal/rt/clock.h"
#include "hal/rt/timespec.h"
#include "hal/units/check.h"

namespace abcds {

Waker::Waker() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { ABCDS_CHECK(fd_ >= 0); }

Waker::~Waker() { close(fd_); }

void Waker::Wake() noexcept {
  const uint64_t one = 1;
  // EAGAIN means 2^64 - 1 wakes are pending: woken all the same.
  [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof(one));
}

void Waker::Clear() noexcept {
  uint64_t count;
  [[maybe_unused]] const ssize_t got = read(fd_, &count, sizeof(count));
}

bool Waker::WaitUntil(MonotonicTime deadline) noexcept {
  pollfd descriptor{.fd = fd_, .events = POLLIN, .revents = 0};
  const timespec timeout = ToTimespec(deadline - MonotonicNow());
  // A signal ends the wait early; callers loop over their own due times anyway.
  if (ppoll(&descriptor, 1, &timeout, nullptr) <= 0) return false;
  Clear();
  return true;
}

}  // namespace abcds
