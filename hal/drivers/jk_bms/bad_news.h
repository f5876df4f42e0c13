// What counts of a reply that is not believed.
#ifndef ABCDS_HAL_DRIVERS_JK_BMS_BAD_NEWS_H_
#define ABCDS_HAL_DRIVERS_JK_BMS_BAD_NEWS_H_

#include "hal/api/battery_monitor.h"

namespace abcds::jk_bms {

// Bad news counts at once, good news when it is proven. Damage that reads as bad news costs a tenth of a second at 0 W;
// doubting bad news that is true costs a battery that its BMS wanted to protect. `known` stays as old as it is: what only
// frightens does not keep it fresh.

// A permission that has gone.
inline void HeedPermissions(bool charge_allowed, bool discharge_allowed, BatteryState& known) noexcept {
  known.charge_allowed &= charge_allowed;
  known.discharge_allowed &= discharge_allowed;
}

// That, every current limit below the known one, and every cell and temperature that is worse than it by more than a
// sound pack's from one second to the next (0.2 V, 5 K).
void HeedWorse(const BatteryState& said, BatteryState& known) noexcept;

}  // namespace abcds::jk_bms

#endif  // ABCDS_HAL_DRIVERS_JK_BMS_BAD_NEWS_H_
