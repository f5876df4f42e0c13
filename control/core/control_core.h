// The control core as one function with memory: inputs in, commands with their reasons out.
#ifndef ABCDS_CONTROL_CORE_CONTROL_CORE_H_
#define ABCDS_CONTROL_CORE_CONTROL_CORE_H_

#include "control/core/battery_limiter.h"
#include "control/core/converter_fleet.h"
#include "control/core/dispatcher.h"
#include "control/core/fault_table.h"
#include "control/core/gate.h"
#include "control/core/load_observer.h"
#include "control/core/meter_probe.h"
#include "control/core/meter_supervisor.h"
#include "control/core/plant_wish.h"
#include "control/core/settings.h"
#include "control/core/types.h"

namespace abcds {

// Pure: owns no clock, no thread, no heap. One step per control cycle:
//
//   what our converters do (ConverterFleet) → what the house draws (LoadObserver, MeterSupervisor) → what the
//   battery allows (BatteryLimiter, FaultTable) → what we want (PlantWish) → who does it (Dispatcher) → what is worth a
//   write (SetpointWriter) → whether it may leave (Gate).
class ControlCore {
 public:
  explicit ControlCore(const CoreSettings& settings) noexcept;

  // Before the first step: a fault that an earlier run of the program left latched.
  void RestoreLatch(FaultId fault, int converter, MonotonicTime now) noexcept {
    faults_.Restore(fault, now, converter);
  }
  // Likewise: what it has learned of a converter's power.
  void RestoreLearned(int converter, Watts power) noexcept { fleet_.RestoreLearned(converter, power); }
  // Likewise: what was left of its write budget.
  void RestoreSavings(int converter, const WriteSavings& savings) noexcept {
    fleet_[converter].writer().RestoreSavings(savings);
  }

  // Real-time. `outputs` is overwritten completely.
  void Step(const Inputs& inputs, Outputs& outputs) noexcept;

 private:
  void VoidOldSamples() noexcept;
  void ResolveIntent(Outputs& out) noexcept;
  void ObserveMeter() noexcept;
  void ProtectBattery(Outputs& out) noexcept;
  void ReportFaults() noexcept;
  [[nodiscard]] Wish Want(const Outputs& out) noexcept;
  void WishForLoad(const Outputs& out, Wish& wish) const noexcept;
  void ProbeMeter(Wish& wish) noexcept;
  void Command(const Wish& wish, Outputs& out) noexcept;
  // Tells one converter's writer, and says what that held it back for. `room`: as far beyond its assignment no limit of
  // the plant would be broken.
  Reason Write(int converter, const ConverterView& view, const Assignment& assignment, Watts room,
               const Wish& wish) noexcept;
  void Account(const Wish& wish, Outputs& out) noexcept;

  const CoreSettings settings_;
  LoadObserver observer_;
  MeterSupervisor supervisor_;
  MeterProbe probe_;
  bool limited_ = false;     // something other than a current limit held the last wish back
  BatteryLimiter battery_;
  FaultTable faults_;
  Dispatcher dispatcher_;
  Gate gate_;
  ConverterFleet fleet_;

  Inputs inputs_;            // of this step
  bool measured_ = false;    // a new trusted measurement arrived in this step
  uint64_t last_sequence_ = 0;
  MonotonicTime started_at_ = MonotonicTime::max();
  MonotonicTime void_before_ = MonotonicTime::min();
  uint32_t clear_generation_ = 0;
  bool circulation_ = false;
  uint32_t forced_generation_ = 0;  // a forced mode whose end by state of charge has been reached …
  bool forced_done_ = false;        // … stays ended until something else is wished
  Mode mode_ = Mode::kAutomatic;
  Decision plant_;
  Joules charged_;
  Joules discharged_;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_CONTROL_CORE_H_
