#include "server/main/process.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "hal/rt/clock.h"
#include "hal/units/check.h"
#include "server/guard/agreement.h"

namespace abcds {

void PrepareProcess() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 1024) {
    limit.rlim_cur = std::min<rlim_t>(1024, limit.rlim_max);
    ABCDS_CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  pthread_attr_t attributes;
  ABCDS_CHECK(pthread_attr_init(&attributes) == 0);
  ABCDS_CHECK(pthread_attr_setstacksize(&attributes, 256 * 1024) == 0);
  ABCDS_CHECK(pthread_setattr_default_np(&attributes) == 0);
  pthread_attr_destroy(&attributes);

  ABCDS_CHECK(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);
  const sigset_t ending = EndingSignals();
  ABCDS_CHECK(pthread_sigmask(SIG_BLOCK, &ending, nullptr) == 0);
}

void NeverWaitForReaders() {
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat status {};
    if (fstat(fd, &status) != 0 || S_ISREG(status.st_mode)) continue;
    // Opened once more, since the flag belongs to what was opened, and a shell and its other programs share that.
    const int own = open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own >= 0) {
      dup2(own, fd);
      close(own);
    } else if (!S_ISCHR(status.st_mode)) {
      // A socket, which journald gives to one service alone, or another user's pipe.
      fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    }
  }
}

StopSignals::StopSignals() {
  const sigset_t ending = EndingSignals();
  fd_ = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
  ABCDS_CHECK(fd_ >= 0);
}

StopSignals::~StopSignals() { close(fd_); }

int StopSignals::Wait(int other, Nanoseconds timeout) {
  const MonotonicTime end = MonotonicNow() + timeout;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::max(Nanoseconds(0), end - MonotonicNow()));
    pollfd wanted[2] = {{fd_, POLLIN, 0}, {other, POLLIN, 0}};
    const int ready = poll(wanted, 2, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    signalfd_siginfo info{};
    if (read(fd_, &info, sizeof info) == sizeof info) return static_cast<int>(info.ssi_signo);
    return 0;
  }
}

}  // namespace abcds
