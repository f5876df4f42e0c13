// Passwords that stand in files of their own.
#ifndef ABCDS_SERVER_DEVICES_PASSWORD_FILE_H_
#define ABCDS_SERVER_DEVICES_PASSWORD_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace abcds {

// The first line of the file. The sentence of a failure names the file, never what is in it.
[[nodiscard]] absl::StatusOr<std::string> ReadPasswordFile(const std::string& path);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_PASSWORD_FILE_H_
