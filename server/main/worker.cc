#include "server/main/worker.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

#include "absl/status/status.h"
#include "hal/units/line_owner.h"
#include "server/guard/agreement.h"
#include "server/guard/guarded.h"
#include "server/guard/heart.h"
#include "server/main/predecessor.h"
#include "server/main/process.h"
#include "server/main/shutdown.h"
#include "server/state/last_config.h"
#include "server/state/state_file.h"
#include "server/state/state_keeper.h"

namespace abcds {
namespace {

// What a later start may find otherwise; a wrong configuration or a port that another daemon owns is there to stay.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status);
}

// For a later start whose configuration is wrong. On a thread of its own: the disk may take seconds.
void KeepConfig(const WorkerOptions& options, Log& log) {
  std::thread([last = LastConfig(options.state_dir, options.config), text = options.config_text, &log] {
    const absl::Status kept = last.Keep(text);
    if (kept.ok()) return;
    log.Warning("this configuration is not kept for a start with a wrong one: " + std::string(kept.message()));
  }).detach();
}

// A guard that is stopped (Ctrl-Z, SIGSTOP) watches nobody, so it is woken; one that does not listen all the same is as
// good as dead: false.
bool GuardListens(pid_t guard, Log& log) {
  constexpr int kWokenAfter = std::chrono::seconds(3) / kBeatPeriod;
  constexpr int kGivenUpAfter = std::chrono::seconds(10) / kBeatPeriod;
  const int unheard = UnheardBeats();
  if (unheard < kWokenAfter) return true;
  log.WriteLimited(LogLevel::kWarning, "guard", "the guard has not listened for 3 s and is woken: was it stopped?");
  kill(guard, SIGCONT);
  return unheard < kGivenUpAfter;
}

// Why to stop: a signal, or one sentence.
struct End {
  int signal = 0;
  std::string trouble{};
};

End TendUntilTheEnd(Daemon& daemon, Heart& heart, StopSignals& signals, const std::optional<pid_t>& guard, Log& log) {
  while (true) {
    heart.MainIsAlive();
    const int signal = signals.Wait(guard ? kLifeFd : -1, std::chrono::seconds(1));
    const absl::Status well = daemon.Tend();
    // First of all, since its death comes as a signal, too.
    if (guard && GuardHasGone()) {
      return {.signal = signal,
              .trouble = "the guard has died, and without it nothing could stop the converters after us"};
    }
    if (signal != 0) return {.signal = signal};
    if (!well.ok()) return {.trouble = std::string(well.message())};
    if (guard && !GuardListens(*guard, log)) {
      return {.trouble = "the guard does not listen, and without it nothing could stop the converters after us"};
    }
  }
}

}  // namespace

void RunWorker(const Site& site, const WorkerOptions& options, Log& log) {
  const bool guarded = options.guard.has_value();
  // The kernel calls a program that is started as /proc/self/exe "exe".
  prctl(PR_SET_NAME, guarded ? kWorkerProcess : kUnguardedProcess);
  PrepareProcess();
  StopSignals signals;
  // None of these is ever destroyed: see Daemon::EndStreams().
  Heart& heart = *new Heart(guarded ? kHeartbeatFd : -1);
  StateKeeper& keeper = *new StateKeeper(StateFile(options.state_dir, site.name), [&log](const std::string& sentence) {
    log.Warning("state: " + sentence);
  });
  keeper.Start();
  Daemon& daemon = *new Daemon(site, options.daemon, keeper, log);
  const bool orphaned = SomeoneIsOrphaned();
  if (absl::Status status = daemon.Start(); !status.ok()) {
    log.Error(std::string(status.message()));
    // What a killed daemon's last act still owns will be free within seconds.
    if (MayPass(status) || orphaned || SomeoneIsOrphaned()) _exit(kExitFailed);
    _exit(guarded ? kExitNotStarted : kExitRefused);
  }
  KeepConfig(options, log);
  heart.Run([&daemon] { return daemon.Cycles(); });
  std::fputs(daemon.Greeting().c_str(), stdout);
  std::fflush(stdout);

  const End end = TendUntilTheEnd(daemon, heart, signals, options.guard, log);
  heart.End();
  if (end.trouble.empty()) {
    log.Info(std::string("stopping: ") + strsignal(end.signal));
  } else {
    log.Error("stopping: " + end.trouble);
  }
  Shutdown({.daemon = daemon,
            .keeper = keeper,
            .signals = signals,
            .log = log,
            .guarded = guarded,
            .observes = options.daemon.observe},
           end.signal != 0);
}

}  // namespace abcds
