#include "server/guard/guard.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "hal/rt/clock.h"
#include "hal/units/check.h"
#include "server/guard/agreement.h"
#include "server/guard/child.h"

namespace abcds {
namespace {

sigset_t GuardSignals() {
  sigset_t set = EndingSignals();
  sigaddset(&set, SIGCHLD);
  return set;
}

void CloseFd(int& fd) {
  if (fd >= 0) close(std::exchange(fd, -1));
}

std::string Seconds(Nanoseconds duration) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

Guard::Guard(GuardOptions options, Log& log) : options_(std::move(options)), log_(log), timing_(options_.timing) {}

Guard::~Guard() {
  // It would hold the ports of whoever comes next.
  if (attempt_.pid > 0) kill(-attempt_.pid, SIGKILL);
  for (int* fd : {&config_, &signals_, &worker_.life, &worker_.heartbeat}) CloseFd(*fd);
}

int Guard::Run() {
  PreferToSurvive();
  ABCDS_CHECK(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);
  const sigset_t signals = GuardSignals();
  ABCDS_CHECK(sigprocmask(SIG_BLOCK, &signals, nullptr) == 0);
  signals_ = MoveUp(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  config_ = MoveUp(memfd_create("abcds-config", MFD_CLOEXEC));
  ABCDS_CHECK(signals_ >= 0 && config_ >= 0);
  ABCDS_CHECK(write(config_, options_.config.data(), options_.config.size()) ==
              static_cast<ssize_t>(options_.config.size()));

  StartWorker(MonotonicNow());
  while (!exit_code_.has_value()) {
    Wait(NextLook(MonotonicNow()));
    // What happened first, then what time it is: a guard that was stopped or starved must not blame the worker.
    const MonotonicTime now = MonotonicNow();
    ReadHeartbeat(now);
    ReadSignals(now);
    Reap(now);
    if (!exit_code_.has_value()) Act(now);
  }
  return *exit_code_;
}

void Guard::StartWorker(MonotonicTime now) {
  safe_state_begun_ = false;
  worker_ = {};
  worker_.started_at = now;
  worker_.heard_at = now;
  std::array<int, 2> life = {-1, -1};
  std::array<int, 2> heartbeat = {-1, -1};
  // Of what fails here, lack of memory or of descriptors, all ends as a worker that died at once: safe state, and later
  // again.
  if (pipe2(life.data(), O_CLOEXEC) == 0 && pipe2(heartbeat.data(), O_CLOEXEC | O_NONBLOCK) == 0) {
    for (int* fd : {&life[0], &life[1], &heartbeat[0], &heartbeat[1]}) *fd = MoveUp(*fd);
    const bool again = ran_ && !options_.restarted_worker.empty();
    worker_.pid = StartChild(options_.program, again ? options_.restarted_worker : options_.worker,
                             {.life = life[0], .heartbeat = heartbeat[1], .config = config_});
  }
  const int error = errno;
  CloseFd(life[0]);
  CloseFd(heartbeat[1]);
  worker_.life = life[1];
  worker_.heartbeat = heartbeat[0];
  if (worker_.pid > 0) return;
  log_.Error(std::string("guard: the worker cannot be started: ") + std::strerror(error));
  CloseFd(worker_.life);
  CloseFd(worker_.heartbeat);
  restart_at_ = now + pauses_.After(Nanoseconds(0));
  BeginSafeState(now);
}

void Guard::KillWorker(MonotonicTime now, const std::string& why) {
  if (std::exchange(worker_.killed, true)) return;
  log_.Error("guard: " + why);
  // Also a stopped process ends by it.
  kill(worker_.pid, SIGKILL);
  worker_.heard_at = now;
}

void Guard::ReadHeartbeat(MonotonicTime now) {
  std::array<char, 256> beats;
  while (worker_.heartbeat >= 0) {
    const ssize_t count = read(worker_.heartbeat, beats.data(), beats.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;
    if (count == 0) {
      CloseFd(worker_.heartbeat);
      worker_.closing = now;
      return;
    }
    worker_.heard_at = now;
    worker_.beaten = true;
    const auto end = beats.begin() + count;
    if (std::find(beats.begin(), end, static_cast<char>(Beat::kRunning)) != end) ran_ = true;
  }
}

void Guard::ReadSignals(MonotonicTime now) {
  signalfd_siginfo info{};
  while (read(signals_, &info, sizeof info) == sizeof info) {
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCHLD) continue;
    ++asked_;
    if (asked_ == 1) {
      asked_at_ = now;
      give_up_at_ = now + timing_.last_safe_state;
      if (worker_.pid > 0) kill(worker_.pid, signal);
    } else if (asked_ == 2 && worker_.pid > 0) {
      KillWorker(now, "second signal: the worker is killed" + Promise(", and the converters are brought to 0 W without it"));
    } else if (!confirmed_) {
      log_.Error("guard: ended at once by one more signal; the converters may not have confirmed 0 W");
      // A worker that the kernel still holds loses its descriptors with us.
      return End(128 + signal);
    }
  }
}

void Guard::Reap(MonotonicTime now) {
  int status = 0;
  if (worker_.pid > 0 && waitpid(worker_.pid, &status, WNOHANG) == worker_.pid) OnWorkerEnd(status, now);
  if (attempt_.pid > 0 && waitpid(attempt_.pid, &status, WNOHANG) == attempt_.pid) OnAttemptEnd(status, now);
}

void Guard::OnWorkerEnd(int status, MonotonicTime now) {
  const Nanoseconds life = now - worker_.started_at;
  worker_.pid = -1;
  CloseFd(worker_.life);
  CloseFd(worker_.heartbeat);
  if (WIFEXITED(status)) {
    const int code = WEXITSTATUS(status);
    // With 0 it has been asked to end, by whomever, and every converter has confirmed 0 W.
    if (code == kExitOk) return End(kExitOk);
    // It has refused before anything was moved, and would refuse again.
    if (!ran_ && (code == kExitRefused || code == kExitUsage)) return End(code);
    // Likewise; but an inverter that starts at full power by itself must not be left so.
    if (!ran_ && code == kExitNotStarted && asked_ == 0) {
      refused_ = true;
      give_up_at_ = now;
      return BeginSafeState(now);
    }
  }
  if (asked_ > 0) {
    give_up_at_ = now + timing_.last_safe_state;
    if (!(WIFEXITED(status) && WEXITSTATUS(status) == kExitUnconfirmed)) {
      log_.Error("guard: the worker " + DescribeEnd(status) + " instead of stopping" + Promise("; converters to 0 W without it"));
    }
    return BeginSafeState(now);
  }
  const Nanoseconds pause = pauses_.After(life);
  restart_at_ = now + pause;
  log_.Error("guard: the worker " + DescribeEnd(status) + " after " + Seconds(life) +
             Promise("; all converters to 0 W") + ", next start in " + Seconds(pause));
  BeginSafeState(now);
}

void Guard::BeginSafeState(MonotonicTime now) {
  if (std::exchange(safe_state_begun_, true)) return;
  tried_ = false;
  confirmed_ = false;
  attempt_pause_ = timing_.safe_state_pause_first;
  StartAttempt(now);
}

void Guard::StartAttempt(MonotonicTime now) {
  if (options_.safe_state.empty()) {
    tried_ = confirmed_ = true;
    return;
  }
  attempt_.pid = StartChild(options_.program, options_.safe_state, {.config = config_, .urgent = true});
  attempt_.kill_at = now + timing_.safe_state;
  if (attempt_.pid > 0) return;
  log_.Error(std::string("guard: the safe state cannot be started: ") + std::strerror(errno));
  OnAttemptEnd(-1, now);
}

void Guard::OnAttemptEnd(int status, MonotonicTime now) {
  attempt_.pid = -1;
  tried_ = true;
  confirmed_ = WIFEXITED(status) && WEXITSTATUS(status) == kExitOk;
  attempt_at_ = now + attempt_pause_;
  attempt_pause_ = std::min(2 * attempt_pause_, timing_.safe_state_pause_longest);
}

void Guard::Act(MonotonicTime now) {
  if (worker_.pid > 0) ActOnWorker(now);
  if (safe_state_begun_) ActOnSafeState(now);
}

void Guard::ActOnWorker(MonotonicTime now) {
  if (worker_.closing.has_value()) {
    // Its end has begun. Where the kernel cannot finish it, what is stuck is one line; the others do not wait for it.
    if (now - *worker_.closing < timing_.closing) return;
    KillWorker(now, "the worker has closed its heartbeat and does not end");
    BeginSafeState(now);
    return;
  }
  if (worker_.killed) return;
  if (asked_ > 0 && now - asked_at_ > timing_.end) {
    KillWorker(now, "the worker does not end within " + Seconds(timing_.end) + " and is killed");
  } else if (now - worker_.heard_at > (worker_.beaten ? timing_.silence : timing_.first_beat)) {
    KillWorker(now, "the worker has been silent for " + Seconds(now - worker_.heard_at) + " and is killed");
  }
}

void Guard::ActOnSafeState(MonotonicTime now) {
  if (attempt_.pid > 0) {
    // With its own children: they share its process group.
    if (now >= attempt_.kill_at) kill(-attempt_.pid, SIGKILL);
    return;
  }
  if (Ending() && (confirmed_ || (tried_ && now >= give_up_at_))) {
    if (refused_) return End(kExitRefused);
    return End(confirmed_ ? kExitOk : kExitUnconfirmed);
  }
  if (!confirmed_ && now >= attempt_at_) return StartAttempt(now);
  // A device that does not answer holds up nobody: the worker, too, commands it 0 W until it confirms.
  if (!Ending() && tried_ && worker_.pid < 0 && now >= restart_at_) StartWorker(now);
}

MonotonicTime Guard::NextLook(MonotonicTime now) const {
  MonotonicTime next = now + std::chrono::hours(1);
  const auto at = [&next](MonotonicTime when) { next = std::min(next, when); };
  if (worker_.pid > 0 && worker_.closing.has_value()) {
    if (!safe_state_begun_) at(*worker_.closing + timing_.closing);
  } else if (worker_.pid > 0 && !worker_.killed) {
    at(worker_.heard_at + (worker_.beaten ? timing_.silence : timing_.first_beat));
    if (asked_ > 0) at(asked_at_ + timing_.end);
  }
  if (!safe_state_begun_) return next;
  if (attempt_.pid > 0) {
    at(attempt_.kill_at);
  } else {
    if (!confirmed_) at(attempt_at_);
    if (Ending()) at(give_up_at_);
    if (!Ending() && worker_.pid < 0) at(restart_at_);
  }
  return next;
}

void Guard::Wait(MonotonicTime until) {
  std::array<pollfd, 2> awaited = {pollfd{.fd = signals_, .events = POLLIN, .revents = 0},
                                   pollfd{.fd = worker_.heartbeat, .events = POLLIN, .revents = 0}};
  // Past the time by a millisecond, and never shorter: what is due is due at the first look.
  const auto left = std::chrono::floor<std::chrono::milliseconds>(std::max(until - MonotonicNow(), Nanoseconds(0)));
  poll(awaited.data(), awaited.size(), static_cast<int>(left.count()) + 1);
}

}  // namespace abcds
