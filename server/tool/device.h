// `abcdsd --tool device`: DevicesService without a daemon, for `abcdsctl`.
#ifndef ABCDS_SERVER_TOOL_DEVICE_H_
#define ABCDS_SERVER_TOOL_DEVICE_H_

#include <iosfwd>
#include <string>
#include <vector>

namespace abcds {

// `arguments`: the name of a call of abcds.v1.DevicesService (ListDeviceTypes, ScanDevices, ProbeDevice, ReadDevice,
// WriteDevice) and its request as JSON. Prints each response as one line of JSON, or one sentence on `err`. SIGINT and
// SIGTERM end it early, a power that is held then with 0 W; so does the death of whoever started it. Exit status as
// RunTool. One call at a time in a process.
[[nodiscard]] int RunDevice(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out,
                            std::ostream& err);

}  // namespace abcds

#endif  // ABCDS_SERVER_TOOL_DEVICE_H_
