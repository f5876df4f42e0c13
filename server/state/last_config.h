// The configuration that regulated last, kept in case the file is wrong at the next start.
#ifndef ABCDS_SERVER_STATE_LAST_CONFIG_H_
#define ABCDS_SERVER_STATE_LAST_CONFIG_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace abcds {

// A file per configuration file, which is known by its path: what is in it may be wrong. Readable for its owner only,
// since it holds passwords where the configuration does. Everything here may wait for a disk for seconds.
class LastConfig {
 public:
  // Of the configuration file `config`, however its path is written. An empty directory: nothing is kept, and nothing
  // fails.
  LastConfig(const std::string& directory, const std::string& config);

  // Writes nothing where it is kept already.
  [[nodiscard]] absl::Status Keep(const std::string& text) const;
  // NotFound where none is kept.
  [[nodiscard]] absl::StatusOr<std::string> Read() const;

  [[nodiscard]] const std::string& path() const { return path_; }  // empty: nothing is kept

 private:
  std::string path_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_STATE_LAST_CONFIG_H_
