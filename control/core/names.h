// Stable, lower-case names of the core's enumerations, for faces and logs.
#ifndef ABCDS_CONTROL_CORE_NAMES_H_
#define ABCDS_CONTROL_CORE_NAMES_H_

#include "control/core/types.h"

namespace abcds {

// "regulating", "battery_full", …: part of the promise to the outside.
[[nodiscard]] const char* ReasonName(Reason reason) noexcept;
[[nodiscard]] const char* FaultName(FaultId id) noexcept;
[[nodiscard]] const char* ModeName(Mode mode) noexcept;

// What a fault means and what to do, one or two sentences.
[[nodiscard]] const char* FaultText(FaultId id) noexcept;

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_NAMES_H_
