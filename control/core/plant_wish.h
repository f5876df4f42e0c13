// What is wanted of all converters together, and everything that may hold it back.
#ifndef ABCDS_CONTROL_CORE_PLANT_WISH_H_
#define ABCDS_CONTROL_CORE_PLANT_WISH_H_

#include "control/core/types.h"
#include "hal/units/quantity.h"

namespace abcds {

struct Wish {
  Watts unlimited;
  Watts power;  // + charges
  Reason reason = Reason::kRegulating;
  Watts limit;
  bool limited = false;
  bool must_reduce = false;  // a limit, not a wish, asks for less than now
  // Magnitudes: what is allowed at all, also where something else is wanted.
  Watts charge_ceiling;
  Watts discharge_ceiling;
};

struct PlantLimits {
  BatteryLimits battery;   // AC side
  Watts standing;          // what the converters do now
  Intent intent;
  Mode mode = Mode::kAutomatic;     // in force
  double meter_authority = 0.0;     // 1 fresh … 0 silent
  bool waiting_for_meter = false;
  FaultId stop = FaultId::kCount;   // a fault that stops the plant; kCount: none
};

// Only ever makes magnitudes smaller. The strongest cause comes last and is the reason.
void LimitWish(const PlantLimits& limits, Wish& wish) noexcept;

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_PLANT_WISH_H_
