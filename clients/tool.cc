#include "clients/tool.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace abcds {
namespace {

bool IsProgram(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

// For exec: pointers into strings that outlive the call.
std::vector<char*> Pointers(const std::string& program, std::span<const std::string> arguments) {
  std::vector<char*> pointers = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

absl::Status CannotRun(const std::string& program, int error) {
  return absl::FailedPreconditionError(absl::StrCat("cannot run ", program, ": ", std::strerror(error)));
}

using Lines = std::function<void(const std::string&)>;

// Gives the complete lines of `text` away and keeps the rest.
void HandOverLines(std::string& text, const Lines& on_line) {
  for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
    const std::string line = text.substr(0, end);
    text.erase(0, end + 1);
    on_line(line);
  }
}

std::atomic<pid_t> followed{0};
static_assert(std::atomic<pid_t>::is_always_lock_free, "read by a signal handler");

// Hands signals on to `followed`.
class SignalForwarding {
 public:
  SignalForwarding() {
    struct sigaction action {};
    action.sa_handler = [](int signal) {
      const int error = errno;
      if (const pid_t child = followed; child > 0) kill(child, signal);
      errno = error;
    };
    for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &before_[i]);
  }
  ~SignalForwarding() {
    followed = 0;
    for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
  }
  SignalForwarding(const SignalForwarding&) = delete;
  SignalForwarding& operator=(const SignalForwarding&) = delete;

 private:
  static constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, 3> before_{};
};

// Reads both pipes until their ends; alternately, so that neither fills up while we wait for the other.
void Drain(std::array<int, 2> sources, std::array<std::string*, 2> sinks, const Lines& on_line) {
  std::array<pollfd, 2> waits{};
  for (size_t i = 0; i < 2; ++i) waits[i] = {sources[i], POLLIN, 0};
  while (waits[0].fd >= 0 || waits[1].fd >= 0) {
    if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
    for (size_t i = 0; i < 2; ++i) {
      if (waits[i].fd < 0 || waits[i].revents == 0) continue;
      std::array<char, 4096> buffer{};
      const ssize_t got = read(waits[i].fd, buffer.data(), buffer.size());
      if (got > 0) {
        sinks[i]->append(buffer.data(), static_cast<size_t>(got));
        if (i == 0 && on_line) HandOverLines(*sinks[0], on_line);
      } else if (got == 0 || errno != EINTR) {
        waits[i].fd = -1;
      }
    }
  }
}

}  // namespace

std::string OwnFolder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

absl::StatusOr<std::string> FindAbcdsd(const std::string& given, const std::string& own_folder,
                                       const std::string& search_path) {
  if (!given.empty()) {
    if (IsProgram(given)) return given;
    return absl::NotFoundError(absl::StrCat("--abcdsd ", given, " is not a program that can be run"));
  }
  std::vector<std::string> candidates;
  if (!own_folder.empty()) candidates = {own_folder + "/abcdsd", own_folder + "/../server/abcdsd"};
  for (const auto folder : absl::StrSplit(search_path, ':', absl::SkipEmpty())) {
    candidates.push_back(absl::StrCat(folder, "/abcdsd"));
  }
  for (const std::string& candidate : candidates) {
    if (IsProgram(candidate)) return candidate;
  }
  return absl::NotFoundError(absl::StrCat("this verb needs the daemon's binary, and there is no abcdsd in ", own_folder,
                                          ", in ../server beside it, or in PATH; say where it is with --abcdsd PATH"));
}

absl::Status Become(const std::string& program, std::span<const std::string> arguments) {
  execv(program.c_str(), Pointers(program, arguments).data());
  return CannotRun(program, errno);
}

namespace {

absl::StatusOr<ToolOutput> RunChild(const std::string& program, std::span<const std::string> arguments,
                                    const Lines& on_line) {
  std::array<int, 2> out_pipe{};
  std::array<int, 2> err_pipe{};
  if (pipe2(out_pipe.data(), O_CLOEXEC) != 0) return CannotRun(program, errno);
  if (pipe2(err_pipe.data(), O_CLOEXEC) != 0) {
    const int error = errno;
    close(out_pipe[0]);
    close(out_pipe[1]);
    return CannotRun(program, error);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out_pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err_pipe[1], STDERR_FILENO);
  pid_t child = 0;
  const int error =
      posix_spawn(&child, program.c_str(), &actions, nullptr, Pointers(program, arguments).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(out_pipe[1]);
  close(err_pipe[1]);
  ToolOutput output;
  int status = 0;
  if (error == 0) {
    if (on_line) followed = child;
    Drain({out_pipe[0], err_pipe[0]}, {&output.out, &output.err}, on_line);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  close(out_pipe[0]);
  close(err_pipe[0]);
  if (error != 0) return CannotRun(program, error);
  if (!WIFEXITED(status)) return absl::InternalError(absl::StrCat(program, " was killed by signal ", WTERMSIG(status)));
  output.exit_code = WEXITSTATUS(status);
  return output;
}

}  // namespace

absl::StatusOr<ToolOutput> RunTool(const std::string& program, std::span<const std::string> arguments) {
  return RunChild(program, arguments, nullptr);
}

absl::StatusOr<ToolOutput> FollowTool(const std::string& program, std::span<const std::string> arguments,
                                      const Lines& on_line) {
  const SignalForwarding forwarding;
  return RunChild(program, arguments, on_line);
}

}  // namespace abcds
