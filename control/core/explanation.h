// Why a setpoint is what it is: which of all causes is told.
#ifndef ABCDS_CONTROL_CORE_EXPLANATION_H_
#define ABCDS_CONTROL_CORE_EXPLANATION_H_

#include "control/core/allocator.h"
#include "control/core/plant_wish.h"
#include "control/core/types.h"
#include "hal/units/time.h"

namespace abcds {

// Nothing here decides anything: it names what the others have decided.

// Of one converter, but for the setpoint. `written`: what its writer held it back for, kRegulating if for nothing.
[[nodiscard]] Decision ExplainConverter(const Assignment& assignment, Reason written, const Wish& wish) noexcept;

// Of the plant, from those of its `count` converters.
[[nodiscard]] Decision ExplainPlant(const Wish& wish, const Outputs& outputs, int count) noexcept;

// `next`, for as long as `before` has had the same reason.
[[nodiscard]] Decision Since(const Decision& before, Decision next, MonotonicTime now) noexcept;

// Whether 0 W for this reason is a small wish rather than a stop.
[[nodiscard]] bool Idles(Reason reason) noexcept;

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_EXPLANATION_H_
