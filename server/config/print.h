// Writes configurations for people: files to start from, and the reference page.
#ifndef ABCDS_SERVER_CONFIG_PRINT_H_
#define ABCDS_SERVER_CONFIG_PRINT_H_

#include <string>

#include "abcds/v1/config.pb.h"
#include "absl/status/statusor.h"
#include "server/config/device_rules.h"

namespace abcds {

// A complete, commented file for the named devices, "lumentree+mqtt": every field with its meaning, range and default;
// it passes the check as it is. InvalidArgument with what is known or missing where the names make no site.
[[nodiscard]] absl::StatusOr<std::string> PrintConfig(const std::string& devices, const DeviceCatalog& catalog);

// The same form for a configuration that has passed the check. Passwords are left out.
[[nodiscard]] std::string PrintCommented(const v1::Config& config, const DeviceCatalog& catalog);

// docs/configuration.md: every block and field in one table each.
[[nodiscard]] std::string PrintReference(const DeviceCatalog& catalog);

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_PRINT_H_
