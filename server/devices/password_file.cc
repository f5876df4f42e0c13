#include "server/devices/password_file.h"

#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace abcds {

absl::StatusOr<std::string> ReadPasswordFile(const std::string& path) {
  std::ifstream file(path);
  std::string password;
  if (!file.is_open()) return absl::NotFoundError(absl::StrCat("password_file ", path, " cannot be opened"));
  if (!std::getline(file, password) || password.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("password_file ", path, " has nothing in its first line"));
  }
  if (password.back() == '\r') password.pop_back();
  return password;
}

}  // namespace abcds
