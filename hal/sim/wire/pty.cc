#include "hal/sim/wire/pty.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace abcds::sim {
namespace {

absl::Status Failed(const std::string& what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Pty>> Pty::Open(const std::string& link) {
  struct stat entry {};
  if (!link.empty() && lstat(link.c_str(), &entry) == 0 && !S_ISLNK(entry.st_mode)) {
    return absl::AlreadyExistsError(absl::StrCat(link, " exists and is no symbolic link"));
  }
  std::unique_ptr<Pty> pty(new Pty(link));
  if (absl::Status plugged = pty->Plug(); !plugged.ok()) return plugged;
  return pty;
}

Pty::~Pty() { Unplug(); }

void Pty::Unplug() {
  if (!near_.valid()) return;
  // The path goes first, as udev's does: whoever looks for it does not find a terminal that is about to hang up.
  if (!link_.empty()) unlink(link_.c_str());
  near_.Reset();
  far_.Reset();
}

absl::Status Pty::Plug() {
  if (near_.valid()) return absl::OkStatus();
  OwnedFd near(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!near.valid() || grantpt(near.get()) != 0 || unlockpt(near.get()) != 0) return Failed("no pseudo terminal");
  char name[64];
  if (ptsname_r(near.get(), name, sizeof(name)) != 0) return Failed("no pseudo terminal");
  OwnedFd far(open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!far.valid()) return Failed(name);
  termios settings{};
  if (tcgetattr(far.get(), &settings) != 0) return Failed(name);
  cfmakeraw(&settings);
  if (tcsetattr(far.get(), TCSANOW, &settings) != 0) return Failed(name);
  if (!link_.empty()) {
    // Renamed into place: at no time is there a link that leads nowhere.
    const std::string fresh = absl::StrCat(link_, ".new");
    unlink(fresh.c_str());
    if (symlink(name, fresh.c_str()) != 0 || std::rename(fresh.c_str(), link_.c_str()) != 0) return Failed(link_);
  }
  node_ = name;
  near_ = std::move(near);
  far_ = std::move(far);
  return absl::OkStatus();
}

}  // namespace abcds::sim
