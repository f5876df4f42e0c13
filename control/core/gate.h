// The last check before a command leaves: right even when everything above it is wrong.
#ifndef ABCDS_CONTROL_CORE_GATE_H_
#define ABCDS_CONTROL_CORE_GATE_H_

#include <array>

#include "control/core/settings.h"
#include "control/core/types.h"
#include "hal/units/quantity.h"

namespace abcds {

// Looks at raw inputs and settings only and shares no code with estimator, limiters, dispatcher or writer; knows neither
// hysteresis nor derating. Where it has to interfere, something above it is broken.
class Gate {
 public:
  explicit Gate(const CoreSettings& settings) noexcept;

  struct Verdict {
    bool changed = false;      // at least one command was lowered
    bool circulation = false;  // a charger and a discharger were commanded against each other
  };
  // Lowers `powers` (to be commanded now, + charges) to what is allowed.
  Verdict Check(const Inputs& inputs, std::array<Watts, kMaxConverters>& powers) const noexcept;

 private:
  [[nodiscard]] bool MeterTooOld(const Inputs& inputs) const noexcept;
  [[nodiscard]] bool ChargeForbidden(const BatteryInput& battery, MonotonicTime now) const noexcept;
  [[nodiscard]] bool DischargeForbidden(const BatteryInput& battery, MonotonicTime now) const noexcept;

  const CoreSettings settings_;
  Nanoseconds meter_max_age_;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_GATE_H_
