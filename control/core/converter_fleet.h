// All our converters together: what they do, what of the battery's power is theirs, and what they have taught us.
#ifndef ABCDS_CONTROL_CORE_CONVERTER_FLEET_H_
#define ABCDS_CONTROL_CORE_CONVERTER_FLEET_H_

#include <array>

#include "control/core/converter_unit.h"
#include "control/core/interval.h"
#include "control/core/other_on_battery.h"
#include "control/core/power_learner.h"
#include "control/core/rest_witness.h"
#include "control/core/settings.h"
#include "control/core/types.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds {

// Owns one ConverterUnit for each, and what takes all of them to be known: who moves power unheard, what else hangs on
// the battery, what a charger draws that cannot say it.
class ConverterFleet {
 public:
  explicit ConverterFleet(const CoreSettings& settings) noexcept;

  // What an earlier run of the program has learned of a converter's power.
  void RestoreLearned(int converter, Watts power) noexcept { learners_[converter].Restore(power); }

  // Each cycle, first.
  void Observe(const Inputs& inputs) noexcept;
  // Then, once the battery is known. `charge_tapers`, `discharge_tapers`: it is so close to a voltage limit that a sound
  // converter may deliver less than it is told.
  void Judge(const Inputs& inputs, bool charge_tapers, bool discharge_tapers) noexcept;

  [[nodiscard]] ConverterUnit& operator[](int converter) noexcept { return units_[converter]; }
  [[nodiscard]] const ConverterUnit& operator[](int converter) const noexcept { return units_[converter]; }
  [[nodiscard]] ConverterViews Views() const noexcept;

  // Our own power at the AC side, + charges, as far as it is not the house's by now.
  [[nodiscard]] PowerInterval power() const noexcept { return power_; }
  // One of them has lately fallen silent: a part of that is unknown.
  [[nodiscard]] bool silenced() const noexcept { return silenced_; }
  // The middle of it, at the battery: DC.
  [[nodiscard]] Watts PowerAtBattery(MonotonicTime now) const noexcept;
  // The battery's voltage as the first of them that can tell it sees it.
  [[nodiscard]] Sample<Volts> TerminalVoltage(const Inputs& inputs) const noexcept;
  // The battery's limits (DC) become what those that answer may draw and deliver (AC); what else charges and discharges
  // it, and what lost ones may be using, is taken off.
  void LimitAtConverters(BatteryLimits& limits) const noexcept;

  // The sum of their setpoints; when all of it has come through; how long a small change of one typically takes.
  [[nodiscard]] Watts Setpoint() const noexcept;
  [[nodiscard]] MonotonicTime SettledBy() const noexcept;
  [[nodiscard]] Nanoseconds TypicalDelay() const noexcept;
  // What the battery has shown that one draws at the AC side while it is on. 0: not learned.
  [[nodiscard]] Watts learned(int converter) const noexcept { return learners_[converter].learned(); }

 private:
  void HearWitness(const Inputs& inputs) noexcept;
  void LearnPowers(const Inputs& inputs, bool charge_tapers) noexcept;

  const CoreSettings settings_;
  std::array<ConverterUnit, kMaxConverters> units_;
  RestWitness witness_;
  OtherOnBattery other_;
  std::array<PowerLearner, kMaxConverters> learners_;  // used where the device's power is assumed
  PowerInterval power_{};
  bool silenced_ = false;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_CONVERTER_FLEET_H_
