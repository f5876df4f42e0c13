// Texts made from the table of verbs: help, and completion scripts for shells.
#ifndef ABCDS_CLIENTS_HELP_H_
#define ABCDS_CLIENTS_HELP_H_

#include <span>
#include <string>

#include "clients/verb.h"

namespace abcds {

// All verbs with one line each, the common options, and the exit codes.
[[nodiscard]] std::string OverviewText(std::span<const Verb> verbs, std::span<const Option> common);

// Everything about one verb.
[[nodiscard]] std::string VerbText(const Verb& verb, std::span<const Option> common);

// A script for `source <(abcdsctl completion bash)`; `shell` is "bash" or "zsh".
[[nodiscard]] std::string CompletionScript(const std::string& shell, std::span<const Verb> verbs,
                                           std::span<const Option> common);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_HELP_H_
