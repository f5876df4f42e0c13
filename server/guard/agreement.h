// What the guard and the processes it starts agree on.
#ifndef ABCDS_SERVER_GUARD_AGREEMENT_H_
#define ABCDS_SERVER_GUARD_AGREEMENT_H_

#include <csignal>

#include "hal/units/time.h"

namespace abcds {

// First argument of a process that the guard has started, followed by the guard's process id.
inline constexpr char kGuardedArgument[] = "--guarded=";

// Descriptors of such a process. Lower than that of any device: the kernel closes them in this order, and closing a
// serial port with unsent bytes can block for 30 s, even after kill -9.
inline constexpr int kLifeFd = 3;       // read end; its end of file is the guard's death
inline constexpr int kHeartbeatFd = 4;  // write end, the worker's only
inline constexpr int kConfigFd = 5;     // the configuration file's content as it was when the daemon started

// One byte per beat.
enum class Beat : char {
  kStarting = 's',
  kRunning = 'r',  // control cycles and the main thread have gone on since the last one
  kEnding = 'e',
};
inline constexpr Nanoseconds kBeatPeriod = std::chrono::milliseconds(100);

// The signals that end the daemon. Not SIGHUP where whoever started it had it ignored, as nohup does: the terminal may
// go then. A signal that is blocked would be read although it is ignored.
inline sigset_t EndingSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  struct sigaction hangup {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  return set;
}

// How the daemon's processes end.
enum ExitCode : int {
  kExitOk = 0,           // as asked, every converter at 0 W
  kExitRefused = 1,      // configuration wrong, port in use, real-time priority denied: starting again cannot help
  kExitUsage = 2,        // wrong command line
  kExitUnconfirmed = 3,  // ended, but not every converter has confirmed 0 W
  kExitFailed = 4,       // could not start for a reason that may pass
  kExitNotStarted = 5,   // the worker's only: refused, but with a good configuration, so that converters can be told 0 W
};

}  // namespace abcds

#endif  // ABCDS_SERVER_GUARD_AGREEMENT_H_
