#include "server/state/last_config.h"

#include <cstdint>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/state/durable_file.h"

namespace abcds {
namespace {

// FNV-1a: the same in each build, unlike the library's.
uint64_t Digest(const std::string& text) {
  uint64_t digest = 0xcbf29ce484222325;
  for (const unsigned char byte : text) digest = (digest ^ byte) * 0x100000001b3;
  return digest;
}

}  // namespace

LastConfig::LastConfig(const std::string& directory, const std::string& config) {
  if (directory.empty()) return;
  std::error_code error;
  // The file itself may be missing.
  std::filesystem::path path = std::filesystem::weakly_canonical(config, error);
  if (error) path = config;
  path_ = absl::StrCat(directory, "/", path.filename().string(),
                       absl::StrFormat(".%016x.last", Digest(path.string())));
}

absl::Status LastConfig::Keep(const std::string& text) const {
  if (path_.empty()) return absl::OkStatus();
  if (const absl::StatusOr<std::string> kept = Read(); kept.ok() && *kept == text) return absl::OkStatus();
  return ReplaceFile(path_, text, 0600);
}

absl::StatusOr<std::string> LastConfig::Read() const {
  if (path_.empty()) return absl::NotFoundError("no configuration is kept without --state_dir");
  return ReadWholeFile(path_);
}

}  // namespace abcds
