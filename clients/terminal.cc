#include "clients/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "absl/memory/memory.h"

namespace abcds {
namespace {

constexpr char kEnter[] = "\x1b[?1049h\x1b[?25l\x1b[2J";
constexpr char kLeave[] = "\x1b[?25h\x1b[?1049l";
constexpr char kCtrlC = '\x03';

void WriteAll(const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // the terminal has gone; poll() will say so
    done += static_cast<size_t>(written);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Terminal>> Terminal::Take() {
  termios original{};
  if (isatty(STDOUT_FILENO) == 0 || tcgetattr(STDIN_FILENO, &original) != 0) {
    return absl::FailedPreconditionError("top needs a terminal; for scripts and pipes there is `abcdsctl watch`");
  }
  return absl::WrapUnique(new Terminal(original));
}

Terminal::Terminal(const termios& original) : original_(original) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signals_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  termios raw = original_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  WriteAll(kEnter);
}

Terminal::~Terminal() {
  WriteAll(kLeave);
  tcsetattr(STDIN_FILENO, TCSADRAIN, &original_);
  if (signals_ >= 0) close(signals_);
}

Terminal::Event Terminal::Wait(std::chrono::milliseconds timeout) {
  pollfd sources[] = {{STDIN_FILENO, POLLIN, 0}, {signals_, POLLIN, 0}};
  if (poll(sources, 2, static_cast<int>(timeout.count())) <= 0) return Event::kTimeout;
  if ((sources[1].revents & POLLIN) != 0) {
    signalfd_siginfo info{};
    if (read(signals_, &info, sizeof info) == sizeof info && info.ssi_signo != SIGWINCH) return Event::kQuit;
    return Event::kResized;
  }
  char key = 0;
  const ssize_t got = read(STDIN_FILENO, &key, 1);
  if (got <= 0 || key == 'q' || key == 'Q' || key == kCtrlC) return Event::kQuit;
  return Event::kResized;  // any other key redraws
}

ScreenSize Terminal::size() const {
  winsize window{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0) return {};
  return {.columns = window.ws_col, .rows = window.ws_row};
}

void Terminal::Draw(const std::string& screen) const { WriteAll(screen); }

}  // namespace abcds
