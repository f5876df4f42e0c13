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
  // Each cycle: lowers `powers` (to be commanded now, + charges) to what is allowed. `latched`: a fault that stops the
  // plant waits for a person.
  Verdict Check(const Inputs& inputs, bool latched, std::array<Watts, kMaxConverters>& powers) noexcept;

 private:
  [[nodiscard]] bool MeterTooOld(const Inputs& inputs) noexcept;
  // A converter other than `self` says by its own reading that it runs the other way.
  [[nodiscard]] bool Opposed(const Inputs& inputs, int self, bool charge) const noexcept;
  [[nodiscard]] bool ChargeForbidden(const BatteryInput& battery, MonotonicTime now) const noexcept;
  [[nodiscard]] bool DischargeForbidden(const BatteryInput& battery, MonotonicTime now) const noexcept;

  const CoreSettings settings_;
  Nanoseconds meter_max_age_;
  MonotonicTime trusted_at_ = MonotonicTime::min();  // the newest trusted value
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_GATE_H_
