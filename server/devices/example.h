// Converters of the configuration that `--print_config` writes.
#ifndef ABCDS_SERVER_DEVICES_EXAMPLE_H_
#define ABCDS_SERVER_DEVICES_EXAMPLE_H_

#include <cstdint>
#include <string>

#include "abcds/v1/config.pb.h"

namespace abcds {

// One more, called `name`, or where that is taken "name-2", "name-3", …
v1::Converter& AddExampleConverter(v1::Config& config, const std::string& name);

// `first`, or where a converter on `bus` has it the next one that is free, in steps of `step`.
[[nodiscard]] uint32_t FreeAddress(const v1::Config& config, const std::string& bus, uint32_t first, int step);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_EXAMPLE_H_
