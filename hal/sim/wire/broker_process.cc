#include "hal/sim/wire/broker_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "hal/sim/wire/loopback_port.h"

namespace abcds::sim {
namespace {

constexpr char kProgram[] = "/usr/sbin/mosquitto";

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

BrokerProcess::BrokerProcess() = default;

BrokerProcess::~BrokerProcess() {
  Stop();
  if (!configuration_path_.empty()) unlink(configuration_path_.c_str());
}

absl::Status BrokerProcess::Start(const std::string& extra_configuration) {
  if (pid_ > 0) return absl::OkStatus();
  if (access(kProgram, X_OK) != 0) return absl::NotFoundError(absl::StrCat("no ", kProgram, ": install mosquitto"));
  if (port_ == 0) port_ = FreeLoopbackPort();
  if (configuration_path_.empty()) {
    const char* const folder = std::getenv("TEST_TMPDIR") != nullptr ? std::getenv("TEST_TMPDIR") : "/tmp";
    std::string path = absl::StrCat(folder, "/abcds-broker-XXXXXX");
    const int fd = mkostemp(path.data(), O_CLOEXEC);
    if (fd < 0) return absl::InternalError(absl::StrCat("cannot write to ", folder, ": ", std::strerror(errno)));
    fchmod(fd, 0644);
    close(fd);
    configuration_path_ = path;
  }
  if (const absl::Status status = WriteConfiguration(extra_configuration); !status.ok()) return status;

  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) return absl::InternalError(absl::StrCat("cannot start ", kProgram, ": ", std::strerror(errno)));
  if (pid_ == 0) {  // only async-signal-safe calls until exec
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    setpgid(0, 0);  // a Ctrl-C on the terminal is for us, who then stop it
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 1);
    dup2(null, 2);
    execl(kProgram, kProgram, "-c", configuration_path_.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  for (int attempt = 0; attempt < 1000; ++attempt) {
    if (Accepts()) return absl::OkStatus();
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return absl::UnavailableError(absl::StrCat(kProgram, " ended by itself; is port ", port_, " in use?"));
    }
    poll(nullptr, 0, 10);
  }
  Stop();
  return absl::DeadlineExceededError(absl::StrCat(kProgram, " does not listen on port ", port_));
}

void BrokerProcess::Stop() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void BrokerProcess::Freeze(bool frozen) {
  if (pid_ > 0) kill(pid_, frozen ? SIGSTOP : SIGCONT);
}

absl::Status BrokerProcess::WriteConfiguration(const std::string& extra) const {
  std::ofstream file(configuration_path_);
  file << "listener " << port_ << " 127.0.0.1\n"
       << "persistence false\n"
       // As root it would change to its own user, which a sandbox's user namespace denies; nothing is written anyway.
       << "user root\n"
       << "set_tcp_nodelay true\n"
       << (extra.find("allow_anonymous") == std::string::npos ? "allow_anonymous true\n" : "") << extra << "\n";
  file.close();
  return file ? absl::OkStatus() : absl::InternalError(absl::StrCat("cannot write ", configuration_path_));
}

bool BrokerProcess::Accepts() const {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port_);
  const bool accepted = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return accepted;
}

}  // namespace abcds::sim
