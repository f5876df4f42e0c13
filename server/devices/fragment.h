// Parts of a configuration, for people to copy into theirs.
#ifndef ABCDS_SERVER_DEVICES_FRAGMENT_H_
#define ABCDS_SERVER_DEVICES_FRAGMENT_H_

#include <string>

#include "abcds/v1/config.pb.h"
#include "server/devices/direct_access.h"

namespace abcds {

// What a line may be called, after its port or interface: "ttyUSB0", "can0".
[[nodiscard]] std::string LineNameOf(const std::string& port);
// The serial line of a device that was found; its name is made from the port's.
v1::Bus& AddBus(const DirectTarget& target, v1::Config& config);
// The same with a converter called `name` and, where it has an address, its number.
v1::Converter& AddConverter(const DirectTarget& target, const std::string& name, v1::Config& config);

// As it stands in a file.
[[nodiscard]] std::string FragmentText(const v1::Config& config);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_FRAGMENT_H_
