// A configuration with everything filled in that is in force but not written.
#ifndef ABCDS_SERVER_CONFIG_IN_FORCE_H_
#define ABCDS_SERVER_CONFIG_IN_FORCE_H_

#include "abcds/v1/config.pb.h"
#include "server/config/device_rules.h"

namespace abcds {

// `config` with each field that the file leaves to a default, set to that default: the table's, the device's, or what
// follows from other fields. Fields that stay missing are those without any value in force. `config` must have passed
// the check.
[[nodiscard]] v1::Config WithDefaults(const v1::Config& config, const DeviceCatalog& catalog);

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_IN_FORCE_H_
