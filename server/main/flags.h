// The command line's flags before the flag library sees them: what it calls unknown gets a sentence that helps.
#ifndef ABCDS_SERVER_MAIN_FLAGS_H_
#define ABCDS_SERVER_MAIN_FLAGS_H_

#include <map>
#include <string>

#include "absl/flags/commandlineflag.h"

namespace abcds {

// By name: those that `source`, the path of a .cc file, defines; libraries have more, which are not for users.
using Flags = std::map<std::string, const absl::CommandLineFlag*>;
[[nodiscard]] Flags FlagsOf(const std::string& source);

// Writes the names of flags in `argv` with _ where they have -. Returns what is wrong with the first one that does not
// exist, with the nearest of `known`, or nothing.
[[nodiscard]] std::string PrepareFlags(const Flags& known, int argc, char** argv);

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_FLAGS_H_
