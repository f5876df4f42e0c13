// The daemon's end: converters first, then what people see, and never a wait for what nobody needs.
#ifndef ABCDS_SERVER_MAIN_SHUTDOWN_H_
#define ABCDS_SERVER_MAIN_SHUTDOWN_H_

#include "server/log/log.h"
#include "server/main/daemon.h"
#include "server/main/process.h"
#include "server/state/state_keeper.h"

namespace abcds {

// What a running worker is made of; none of it is ever destroyed.
struct Running {
  Daemon& daemon;
  StateKeeper& keeper;
  StopSignals& signals;
  Log& log;
  bool guarded;  // by the process that started this one
  bool observes;  // no converter is ours to speak of
};

// Brings the converters to 0 W, within 3 s confirmed or not, and ends the process. `asked`: somebody wanted the end;
// else the exit code is never that of a good one, so that the guard, or a service manager, makes sure and starts anew.
[[noreturn]] void Shutdown(const Running& running, bool asked);

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_SHUTDOWN_H_
