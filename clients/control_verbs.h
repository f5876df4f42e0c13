// Verbs that steer: enable, disable, target, mode, clear-fault.
#ifndef ABCDS_CLIENTS_CONTROL_VERBS_H_
#define ABCDS_CLIENTS_CONTROL_VERBS_H_

#include <array>
#include <string_view>

#include "clients/invocation.h"

namespace abcds {

inline constexpr std::array<std::string_view, 2> kDirections = {"charger", "discharger"};
inline constexpr std::array<std::string_view, 6> kModes = {"automatic",   "idle",           "observe",
                                                           "charge-only", "discharge-only", "forced"};

int RunEnable(const Invocation& invocation);
int RunDisable(const Invocation& invocation);
int RunTarget(const Invocation& invocation);
int RunMode(const Invocation& invocation);
int RunClearFault(const Invocation& invocation);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_CONTROL_VERBS_H_
