#include "hal/transport/port_owner.h"

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "hal/units/line_owner.h"

namespace abcds {
namespace {

// Who holds the flock on the opened node, from /proc/locks; 0 when it does not say (another container).
int LockHolder(int fd) {
  struct stat node {};
  if (fstat(fd, &node) != 0) return 0;
  char wanted[64];
  std::snprintf(wanted, sizeof(wanted), "%02x:%02x:%llu", major(node.st_dev), minor(node.st_dev),
                static_cast<unsigned long long>(node.st_ino));
  // 1: FLOCK  ADVISORY  WRITE 1234 00:18:5 0 EOF
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, mode, access, inode;
    int pid = 0;
    if (!(words >> number >> kind >> mode >> access >> pid >> inode)) continue;
    if (kind == "FLOCK" && inode == wanted && pid > 0) return pid;
  }
  return 0;
}

std::string ProcessName(int pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/comm"));
  std::string name;
  std::getline(file, name);
  return name;
}

// Who listens on the abstract name: the kernel remembers the process that called listen().
int NameHolder(const sockaddr_un& address, socklen_t length) {
  const OwnedFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid() || connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return 0;
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(probe.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return 0;
  return peer.pid;
}

}  // namespace

absl::Status PortInUse(const std::string& port, int pid) {
  if (pid == getpid()) {
    return LineOwnedError(
        LineOwner::kDaemon,
        absl::StrCat(port, " is already used by this very program: two buses of the configuration name the same port"));
  }
  const std::string name = pid > 0 ? ProcessName(pid) : "";
  std::string holder;
  if (pid > 0) {
    holder = absl::StrCat(" (pid ", pid, name.empty() ? "" : ", ", name, ")");
  } else if (port.front() == '/') {
    holder = absl::StrCat(" (`sudo fuser -v ", port, "` says which)");
  }
  return LineOwnedError(
      name == kWorkerProcess || name == kUnguardedProcess ? LineOwner::kDaemon : LineOwner::kOther,
      absl::StrCat(port, " is already used by another process", holder, ": stop that one or name another port"));
}

absl::Status LockOpenedNode(int fd, const std::string& port) {
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
  if (errno == EWOULDBLOCK) return PortInUse(port, LockHolder(fd));
  return absl::UnavailableError(absl::StrCat("cannot lock ", port, ": ", std::strerror(errno)));
}

absl::StatusOr<OwnedFd> ClaimName(const std::string& name, const std::string& port) {
  OwnedFd claim(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!claim.valid()) return absl::UnavailableError(absl::StrCat("cannot claim ", port, ": ", std::strerror(errno)));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // A leading zero byte makes it abstract: it vanishes with its owner. Of a long name the end counts, where hosts of
  // one domain and their ports differ least by accident.
  const std::string prefix = "abcds/";
  const size_t room = sizeof(address.sun_path) - 1 - prefix.size();
  const std::string text = prefix + name.substr(name.size() - std::min(name.size(), room));
  std::memcpy(address.sun_path + 1, text.data(), text.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  if (bind(claim.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    if (errno == EADDRINUSE) return PortInUse(port, NameHolder(address, length));
    return absl::UnavailableError(absl::StrCat("cannot claim ", port, ": ", std::strerror(errno)));
  }
  // Listening lets a second daemon ask the kernel who holds the name; nobody ever accepts.
  if (listen(claim.get(), 1) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot claim ", port, ": ", std::strerror(errno)));
  }
  return claim;
}

}  // namespace abcds
