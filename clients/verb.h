// One row of the table of verbs.
#ifndef ABCDS_CLIENTS_VERB_H_
#define ABCDS_CLIENTS_VERB_H_

#include <span>
#include <string_view>

#include "clients/arguments.h"
#include "clients/invocation.h"

namespace abcds {

struct Verb {
  std::string_view name;
  std::string_view arguments;  // as in help texts; empty: none
  std::string_view summary;    // one line
  std::string_view details;    // more for `help VERB`; complete lines
  std::span<const Option> options;
  std::span<const std::string_view> choices;  // what the first word must be; empty: anything
  size_t words_min = 0;
  size_t words_max = 0;
  bool raw = false;  // hands what follows to `abcdsd --tool` as it is
  int (*run)(const Invocation& invocation) = nullptr;
};

}  // namespace abcds

#endif  // ABCDS_CLIENTS_VERB_H_
