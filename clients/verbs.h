// The verbs of the command line: one table, from which dispatch, help and completion come.
#ifndef ABCDS_CLIENTS_VERBS_H_
#define ABCDS_CLIENTS_VERBS_H_

#include <iosfwd>
#include <span>
#include <string>

#include "clients/verb.h"

namespace abcds {

[[nodiscard]] std::span<const Verb> Verbs();

// Options that every verb takes.
[[nodiscard]] std::span<const Option> CommonOptions();

// What surrounds the program.
struct Surroundings {
  std::string address;  // from the environment (ABCDS_ADDRESS); empty: the default
  std::ostream& out;
  std::ostream& err;
};

// The whole program: finds the verb, checks the command line, runs it. Returns the exit code.
int RunCommand(std::span<const std::string> arguments, const Surroundings& surroundings);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_VERBS_H_
