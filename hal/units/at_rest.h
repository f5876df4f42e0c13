// When a converter counts as standing still.
#ifndef ABCDS_HAL_UNITS_AT_REST_H_
#define ABCDS_HAL_UNITS_AT_REST_H_

#include "hal/units/quantity.h"

namespace abcds {

// Below it a converter does nothing: readings then are noise of its sensor, and its own consumption.
inline constexpr Watts kAtRest{20};

}  // namespace abcds

#endif  // ABCDS_HAL_UNITS_AT_REST_H_
