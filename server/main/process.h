// What the daemon asks of its own process: limits, stacks, signals.
#ifndef ABCDS_SERVER_MAIN_PROCESS_H_
#define ABCDS_SERVER_MAIN_PROCESS_H_

#include <csignal>

#include "hal/units/time.h"

namespace abcds {

// Before any thread starts: at most 1024 descriptors (libmodbus aborts beyond FD_SETSIZE), small stacks for all threads
// (locked memory counts), SIGPIPE ignored, EndingSignals() blocked everywhere so that StopSignals gets them.
void PrepareProcess();

// Before any thread starts: what this process and its children write to standard output and error is dropped where it
// would have to wait for its reader. A pager, a terminal stopped by Ctrl-S or a hung journald must not hold up who
// watches over the converters.
void NeverWaitForReaders();

// The signals that end the daemon, as a descriptor: handled on the main thread, not in a signal handler.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Waits for a signal, until the descriptor `other` (-1: none) is readable, or until `timeout` has passed. The signal,
  // or 0.
  [[nodiscard]] int Wait(int other, Nanoseconds timeout);

 private:
  int fd_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_PROCESS_H_
