// The terminal while `abcdsctl top` owns it.
#ifndef ABCDS_CLIENTS_TERMINAL_H_
#define ABCDS_CLIENTS_TERMINAL_H_

#include <termios.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "clients/screen.h"

namespace abcds {

// Takes the terminal on standard input and output: alternative screen, no echo, no cursor. The destructor gives it back
// as it was. Blocks SIGINT, SIGTERM, SIGHUP and SIGWINCH in the calling thread, hence create it before other threads.
class Terminal {
 public:
  // FAILED_PRECONDITION where standard input or output is not a terminal.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Terminal>> Take();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  enum class Event { kTimeout, kResized, kQuit };
  // Waits for q, Ctrl-C, a signal that ends the program, a new size, or the end of `timeout`.
  [[nodiscard]] Event Wait(std::chrono::milliseconds timeout);

  [[nodiscard]] ScreenSize size() const;
  void Draw(const std::string& screen) const;

 private:
  explicit Terminal(const termios& original);

  const termios original_;
  int signals_ = -1;  // signalfd
};

}  // namespace abcds

#endif  // ABCDS_CLIENTS_TERMINAL_H_
