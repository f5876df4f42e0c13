#include "server/state/state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace abcds {
namespace {

// More than a thousand devices; what is longer was not written by us.
constexpr size_t kMostBytes = 1 << 20;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status Failed(const std::string& what, const std::string& path, int error = errno) {
  const std::string sentence = absl::StrCat(what, " ", path, ": ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(sentence) : absl::UnavailableError(sentence);
}

absl::StatusOr<std::string> ReadAll(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return Failed("cannot open", path);
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = read(file.get(), buffer, sizeof(buffer))) > 0 && text.size() <= kMostBytes) {
    text.append(buffer, static_cast<size_t>(got));
  }
  if (got < 0) return Failed("cannot read", path);
  return text;
}

bool WriteAll(int fd, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    done += static_cast<size_t>(wrote);
  }
  return true;
}

}  // namespace

StateFile::StateFile(const std::string& directory, const std::string& site) : directory_(directory) {
  if (!directory.empty()) path_ = absl::StrCat(directory, "/", site, ".state.json");
}

absl::StatusOr<KeptState> StateFile::Read() const {
  if (path_.empty()) return KeptState{};
  const absl::StatusOr<std::string> text = ReadAll(path_);
  if (absl::IsNotFound(text.status())) return KeptState{};
  if (!text.ok()) return text.status();
  absl::StatusOr<KeptState> state = ParseKeptState(*text);
  if (state.ok()) return state;
  const std::string bad = path_ + ".bad";
  const bool renamed = rename(path_.c_str(), bad.c_str()) == 0;
  return absl::InvalidArgumentError(absl::StrCat(path_, " is not used: ", std::string(state.status().message()),
                                                 renamed ? absl::StrCat("; it is now ", bad) : ""));
}

absl::Status StateFile::Update(const std::function<void(KeptState&)>& change) const {
  if (path_.empty()) return absl::OkStatus();
  // Only the last part: a path that is wrong further up is a mistake in a flag.
  if (mkdir(directory_.c_str(), 0750) != 0 && errno != EEXIST) return Failed("cannot make", directory_);
  // A file of its own: the lock of a file that is replaced would be the lock of the old one.
  const std::string lock_path = path_ + ".lock";
  const Descriptor lock(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (lock.get() < 0) return Failed("cannot open", lock_path);
  while (flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return Failed("cannot lock", lock_path);
  }
  absl::StatusOr<KeptState> state = Read();
  // A disk that cannot be read now may be read later: what it holds must not be replaced by nothing.
  if (!state.ok() && !absl::IsInvalidArgument(state.status())) return state.status();
  KeptState changed = state.ok() ? *std::move(state) : KeptState{};
  change(changed);
  return Replace(PrintKeptState(changed));
}

// The order is the promise: content on the disk, then the name, then the directory that holds the name.
absl::Status StateFile::Replace(const std::string& text) const {
  const std::string next = path_ + ".next";
  {
    const Descriptor file(open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (file.get() < 0) return Failed("cannot write", next);
    if (!WriteAll(file.get(), text) || fsync(file.get()) != 0) {
      const int error = errno;
      unlink(next.c_str());
      return Failed("cannot write", next, error);
    }
  }
  if (rename(next.c_str(), path_.c_str()) != 0) return Failed("cannot replace", path_);
  const Descriptor directory(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || fsync(directory.get()) != 0) return Failed("cannot make sure of", directory_);
  return absl::OkStatus();
}

}  // namespace abcds
