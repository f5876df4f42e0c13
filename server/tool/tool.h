// What `abcdsctl` needs of us and the protos do not carry: `abcdsd --tool VERB …`.
#ifndef ABCDS_SERVER_TOOL_TOOL_H_
#define ABCDS_SERVER_TOOL_TOOL_H_

#include <iosfwd>
#include <string>
#include <vector>

namespace abcds {

// Runs one verb, `arguments` being everything after --tool:
//   decode DEVICE [--request HEX] [--set KEY=VALUE]… [HEX…]    prints {"device":…,"kind":…,"values":{…}}
//   decode --list
//   device CALL REQUEST          a call of abcds.v1.DevicesService without a daemon, in JSON
//   config-check FILE
//   config-print A+B
// Text bodies come from `in`. Returns the exit status: 0; 1 with one sentence on `err`; 2 for wrong usage.
[[nodiscard]] int RunTool(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out,
                          std::ostream& err);
// The same over the process's standard streams.
[[nodiscard]] int RunTool(const std::vector<std::string>& arguments);

}  // namespace abcds

#endif  // ABCDS_SERVER_TOOL_TOOL_H_
