// The one file that holds the kept state: the old one or the new one whatever happens, never something in between.
#ifndef ABCDS_SERVER_STATE_STATE_FILE_H_
#define ABCDS_SERVER_STATE_STATE_FILE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/state/kept_state.h"

namespace abcds {

// Ordinary threads; everything here may wait for a disk for seconds.
class StateFile {
 public:
  // "DIRECTORY/SITE.state.json". An empty directory: nothing is kept, and nothing fails.
  StateFile(const std::string& directory, const std::string& site);

  // Nothing kept yet is an empty state. InvalidArgument for a file that is none (it is then renamed to *.bad, so that
  // the next write does not destroy what a person may still read); another error where it cannot be read.
  [[nodiscard]] absl::StatusOr<KeptState> Read() const;

  // Reads, changes and replaces the file, alone among all processes that do so. Makes the directory where only that is
  // missing. A file that is no state counts as empty; one that cannot be read now is left as it is. Errors name the file
  // and the cause.
  [[nodiscard]] absl::Status Update(const std::function<void(KeptState&)>& change) const;

  [[nodiscard]] const std::string& path() const { return path_; }  // empty: nothing is kept

 private:
  std::string directory_;
  std::string path_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_STATE_STATE_FILE_H_
