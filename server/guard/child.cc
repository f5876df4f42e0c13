#include "server/guard/child.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <utility>

#include "server/guard/agreement.h"

namespace abcds {
namespace {

constexpr char kOomScore[] = "/proc/self/oom_score_adj";

void WriteOomScore(const char* score) {
  const int fd = open(kOomScore, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t written = write(fd, score, std::strlen(score));
  close(fd);
}

void BecomeOrdinary() {
  const sched_param ordinary{};
  sched_setscheduler(0, SCHED_OTHER, &ordinary);
}

}  // namespace

int MoveUp(int fd) {
  if (fd < 0) return -1;
  const int moved = fcntl(fd, F_DUPFD_CLOEXEC, kOwnFdsFrom);
  close(fd);
  return moved;
}

pid_t StartChild(const std::string& program, const std::vector<std::string>& arguments, const Handed& handed) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  setpgid(0, 0);
  WriteOomScore("0");
  if (!handed.urgent) BecomeOrdinary();
  for (const auto& [from, to] : {std::pair(handed.life, kLifeFd), std::pair(handed.heartbeat, kHeartbeatFd),
                                 std::pair(handed.config, kConfigFd)}) {
    if (from >= 0 && dup2(from, to) != to) _exit(kExitFailed);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(program.c_str(), argv.data());
  _exit(kExitFailed);
}

std::string DescribeEnd(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return "ended with status " + std::to_string(WEXITSTATUS(wait_status));
  const int signal = WTERMSIG(wait_status);
  return "was killed by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

void PreferToSurvive() {
  WriteOomScore("-900");
  sched_param first{};
  first.sched_priority = sched_get_priority_min(SCHED_FIFO);
  sched_setscheduler(0, SCHED_FIFO, &first);
}

}  // namespace abcds
