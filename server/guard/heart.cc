#include "server/guard/heart.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <utility>

#include "hal/rt/clock.h"

namespace abcds {

Heart::Heart(int fd) : fd_(fd), main_alive_at_(MonotonicNow()) {
  if (fd_ >= 0) thread_ = std::thread([this] { Beats(); });
}

Heart::~Heart() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Heart::Run(std::function<uint64_t()> cycles) {
  MainIsAlive();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    cycles_ = std::move(cycles);
  }
  phase_ = Beat::kRunning;
}

void Heart::MainIsAlive() noexcept { main_alive_at_ = MonotonicNow(); }

void Heart::End() noexcept { phase_ = Beat::kEnding; }

void Heart::Beats() {
  pthread_setname_np(pthread_self(), "heart");
  // Signals are for the main thread.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);

  MonotonicTime due = MonotonicNow();
  Pulse pulse(due);
  while (!stopping_) {
    Vitals vitals{.phase = phase_, .cycles = 0, .main_alive_at = main_alive_at_};
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (cycles_) vitals.cycles = cycles_();
    }
    if (const std::optional<Beat> beat = pulse.At(vitals, MonotonicNow())) {
      const char byte = static_cast<char>(*beat);
      // A full pipe or a guard that has gone: the main thread sees the latter at the other pipe.
      [[maybe_unused]] const ssize_t written = write(fd_, &byte, 1);
    }
    due = std::max(due + kBeatPeriod, MonotonicNow());
    SleepUntil(due);
  }
}

}  // namespace abcds
