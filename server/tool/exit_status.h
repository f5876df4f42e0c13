// Exit statuses of `abcdsd --tool`.
#ifndef ABCDS_SERVER_TOOL_EXIT_STATUS_H_
#define ABCDS_SERVER_TOOL_EXIT_STATUS_H_

namespace abcds {

inline constexpr int kToolOk = 0;
inline constexpr int kToolFailed = 1;  // the input is wrong
inline constexpr int kToolUsage = 2;   // the command line is wrong

}  // namespace abcds

#endif  // ABCDS_SERVER_TOOL_EXIT_STATUS_H_
