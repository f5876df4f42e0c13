#include "server/state/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace abcds {
namespace {

constexpr size_t kMostBytes = 1 << 20;

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

absl::Status FileError(const std::string& what, const std::string& path, int error) {
  const std::string sentence = absl::StrCat(what, " ", path, ": ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(sentence) : absl::UnavailableError(sentence);
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return FileError("cannot open", path, errno);
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = read(file.get(), buffer, sizeof(buffer))) > 0 && text.size() <= kMostBytes) {
    text.append(buffer, static_cast<size_t>(got));
  }
  if (got < 0) return FileError("cannot read", path, errno);
  return text;
}

absl::Status MakeFolder(const std::string& folder) {
  // Only the last part: a path that is wrong further up is a mistake in a flag.
  if (mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) return FileError("cannot make", folder, errno);
  return absl::OkStatus();
}

// The order is the promise: content on the disk, then the name, then the folder that holds the name.
absl::Status ReplaceFile(const std::string& path, const std::string& text, mode_t mode) {
  const std::string folder = path.substr(0, path.rfind('/'));
  if (const absl::Status made = MakeFolder(folder); !made.ok()) return made;
  const std::string next = path + ".next";
  {
    const Descriptor file(open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (file.get() < 0) return FileError("cannot write", next, errno);
    if (!WriteAll(file.get(), text) || fsync(file.get()) != 0) {
      const int error = errno;
      unlink(next.c_str());
      return FileError("cannot write", next, error);
    }
  }
  if (rename(next.c_str(), path.c_str()) != 0) return FileError("cannot replace", path, errno);
  const Descriptor directory(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || fsync(directory.get()) != 0) return FileError("cannot make sure of", folder, errno);
  return absl::OkStatus();
}

}  // namespace abcds
