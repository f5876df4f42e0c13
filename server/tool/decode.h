// `abcdsd --tool decode`: a driver's codec over recorded frames.
#ifndef ABCDS_SERVER_TOOL_DECODE_H_
#define ABCDS_SERVER_TOOL_DECODE_H_

#include <iosfwd>
#include <string>
#include <vector>

namespace abcds {

// `arguments` being everything after the verb. Exit status as RunTool.
[[nodiscard]] int RunDecode(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out,
                            std::ostream& err);

}  // namespace abcds

#endif  // ABCDS_SERVER_TOOL_DECODE_H_
