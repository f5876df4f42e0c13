// The kernel's CAN interfaces on this machine.
#ifndef ABCDS_SERVER_DEVICES_ACCESS_CAN_INTERFACES_H_
#define ABCDS_SERVER_DEVICES_ACCESS_CAN_INTERFACES_H_

#include <string>
#include <vector>

namespace abcds {

// Their names, up or down, in order. The folder ends without a slash: "/sys/class/net".
[[nodiscard]] std::vector<std::string> FindCanInterfaces(const std::string& sys_net);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_ACCESS_CAN_INTERFACES_H_
