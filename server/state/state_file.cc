#include "server/state/state_file.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "server/state/durable_file.h"

namespace abcds {

StateFile::StateFile(const std::string& directory, const std::string& site) : directory_(directory) {
  if (!directory.empty()) path_ = absl::StrCat(directory, "/", site, ".state.json");
}

absl::StatusOr<KeptState> StateFile::Read() const {
  if (path_.empty()) return KeptState{};
  const absl::StatusOr<std::string> text = ReadWholeFile(path_);
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
  if (const absl::Status made = MakeFolder(directory_); !made.ok()) return made;
  // A file of its own: the lock of a file that is replaced would be the lock of the old one.
  const std::string lock_path = path_ + ".lock";
  const Descriptor lock(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (lock.get() < 0) return FileError("cannot open", lock_path, errno);
  while (flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return FileError("cannot lock", lock_path, errno);
  }
  absl::StatusOr<KeptState> state = Read();
  // A disk that cannot be read now may be read later: what it holds must not be replaced by nothing.
  if (!state.ok() && !absl::IsInvalidArgument(state.status())) return state.status();
  KeptState changed = state.ok() ? *std::move(state) : KeptState{};
  change(changed);
  return ReplaceFile(path_, PrintKeptState(changed), 0640);
}

}  // namespace abcds
