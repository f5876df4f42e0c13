// What the battery's current says about converters that do not answer.
#ifndef ABCDS_CONTROL_CORE_REST_WITNESS_H_
#define ABCDS_CONTROL_CORE_REST_WITNESS_H_

#include <cstdint>

#include "control/core/interval.h"
#include "control/core/power_window.h"
#include "control/core/types.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// The battery's power is the sum of what all converters move, and of what else hangs on it. So what the answering ones do
// not explain is done by the silent ones. What else hangs on it (a solar charge controller, lamps) is learned while all
// converters rest; where it changes afterwards, it can pass for a silent converter, or hide one.
class RestWitness {
 public:
  enum class Verdict : uint8_t {
    kNone,    // no BMS, no quiet moment yet, or a silent charger and a silent discharger that may cancel each other
    kAtRest,  // in this direction nothing flows
    kRuns,    // in this direction something flows
  };
  // Up to this, at the battery, a power is noise of sensors and own consumption of converters; below it no converter here
  // can run for long.
  static constexpr Watts kExplained{40};
  // From here on somebody runs. Between the two it may as well be a router or a lamp that was there before we could learn
  // it, which must not keep the other direction blocked for ever: no word on it.
  static constexpr Watts kRunsFrom{100};

  // One bit per converter that does not answer, and what such converters can do.
  struct Silent {
    uint32_t who = 0;
    int count = 0;
    bool can_charge = false;
    bool can_discharge = false;
  };
  // Each cycle. `known`: what the answering converters put into the battery, DC side, + charges.
  void Update(const BatteryInput& battery, PowerInterval known, const Silent& silent, MonotonicTime now) noexcept;

  [[nodiscard]] Verdict charging() const noexcept { return charging_.verdict; }
  [[nodiscard]] Verdict discharging() const noexcept { return discharging_.verdict; }

 private:
  struct Trial {
    Verdict verdict = Verdict::kNone;
    Verdict leaning = Verdict::kNone;  // what the samples since `since` have all said
    MonotonicTime since{};
    void Hear(Verdict says, MonotonicTime now) noexcept;
  };
  void Forget() noexcept;

  Trial charging_;
  Trial discharging_;
  uint32_t silent_ = 0;
  MonotonicTime heard_at_ = MonotonicTime::min();  // the newest sample of the current
  PowerWindow known_;
  int windows_ = 0;         // complete ones since the silent ones fell silent
  Watts other_;             // what else hangs on the battery
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_REST_WITNESS_H_
