// A file that is the old one or the new one whatever happens, never something in between.
#ifndef ABCDS_SERVER_STATE_DURABLE_FILE_H_
#define ABCDS_SERVER_STATE_DURABLE_FILE_H_

#include <sys/types.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace abcds {

// Closes what it was given; negative: nothing.
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

// NotFound or Unavailable: "cannot open PATH: why".
[[nodiscard]] absl::Status FileError(const std::string& what, const std::string& path, int error);

// Errors as FileError's. Of a file of more than 1 MiB, which was not written by us, the beginning.
[[nodiscard]] absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

// Replaces `path` by one with this content, made with `mode`; power may fail at any moment. Of the folders only the last
// one is made where it is missing. One process at a time. May wait for a disk for seconds.
[[nodiscard]] absl::Status ReplaceFile(const std::string& path, const std::string& text, mode_t mode);

// The folder that ReplaceFile would make.
[[nodiscard]] absl::Status MakeFolder(const std::string& folder);

}  // namespace abcds

#endif  // ABCDS_SERVER_STATE_DURABLE_FILE_H_
