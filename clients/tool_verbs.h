// Verbs that the daemon's binary does: config check, config print, decode.
#ifndef ABCDS_CLIENTS_TOOL_VERBS_H_
#define ABCDS_CLIENTS_TOOL_VERBS_H_

#include <array>
#include <string_view>

#include "clients/invocation.h"

namespace abcds {

inline constexpr std::array<std::string_view, 2> kConfigActions = {"check", "print"};

int RunConfig(const Invocation& invocation);
int RunDecode(const Invocation& invocation);
int RunMeanwell(const Invocation& invocation);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_TOOL_VERBS_H_
