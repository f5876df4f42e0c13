// The daemon's binary as a tool: what needs more than the proto is done by `abcdsd --tool …`.
#ifndef ABCDS_CLIENTS_TOOL_H_
#define ABCDS_CLIENTS_TOOL_H_

#include <functional>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace abcds {

// The binary at `given`, or, where that is empty, the first of: `own_folder`/abcdsd, `own_folder`/../server/abcdsd,
// abcdsd in the folders of `search_path` ("a:b"). NOT_FOUND with a sentence that says where was looked.
[[nodiscard]] absl::StatusOr<std::string> FindAbcdsd(const std::string& given, const std::string& own_folder,
                                                     const std::string& search_path);

// The folder of the running program; empty where the kernel does not tell.
[[nodiscard]] std::string OwnFolder();

// Replaces this process by `program arguments…`. Returns only if that fails.
absl::Status Become(const std::string& program, std::span<const std::string> arguments);

struct ToolOutput {
  int exit_code = 0;
  std::string out;
  std::string err;
};
// Runs `program arguments…` with empty standard input and collects what it prints.
[[nodiscard]] absl::StatusOr<ToolOutput> RunTool(const std::string& program, std::span<const std::string> arguments);
// The same, with each complete line of its standard output given to `on_line` as it comes, without its end; `out` stays
// empty. Until it has ended SIGINT, SIGTERM and SIGHUP go to it and do not end us: it may have something to finish.
[[nodiscard]] absl::StatusOr<ToolOutput> FollowTool(const std::string& program, std::span<const std::string> arguments,
                                                    const std::function<void(const std::string&)>& on_line);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_TOOL_H_
