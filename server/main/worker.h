// The worker's life: from a checked configuration to the end of the process.
#ifndef ABCDS_SERVER_MAIN_WORKER_H_
#define ABCDS_SERVER_MAIN_WORKER_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "server/config/site.h"
#include "server/log/log.h"
#include "server/main/daemon.h"

namespace abcds {

struct WorkerOptions {
  DaemonOptions daemon;
  std::string state_dir;        // as --state_dir; empty: nothing is kept
  std::string config;           // the configuration's file
  std::string config_text;      // and what it says
  std::optional<pid_t> guard{};  // the process id of who has started this one; missing: nobody watches
};

// Starts the daemon, tends it until a signal, the guard's death or a converter's thread that hangs, and stops it. Of a
// process with one thread.
[[noreturn]] void RunWorker(const Site& site, const WorkerOptions& options, Log& log);

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_WORKER_H_
