// What the battery takes and gives at this moment: derating towards each limit, full and empty with hysteresis.
#ifndef ABCDS_CONTROL_CORE_BATTERY_LIMITER_H_
#define ABCDS_CONTROL_CORE_BATTERY_LIMITER_H_

#include "control/core/settings.h"
#include "control/core/types.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds {

// Three tiers for each limit. Operating: power falls linearly on the way to it. Stop: 0 W at it, until a restart
// threshold is passed. Latch: beyond a safety margin, which only a person clears (the fault table's part).
class BatteryLimiter {
 public:
  // A BMS answers every second or two; older values are not the battery's present any more.
  static constexpr Nanoseconds kMaxAge = std::chrono::seconds(5);

  explicit BatteryLimiter(const BatterySettings& settings) noexcept : settings_(settings) {}

  // Whether a converter's reading says what voltage the battery has: fresh enough, and not of an output that is off.
  [[nodiscard]] static bool IsBattery(const Sample<Volts>& terminal_voltage, MonotonicTime now) noexcept;

  // `terminal_voltage` as the converters see it, for sites without a BMS; `power` is our own into the battery, + charges.
  // All powers here are the battery's: DC.
  BatteryLimits Update(const BatteryInput& battery, const Sample<Volts>& terminal_voltage, Watts power,
                       MonotonicTime now) noexcept;

  // Voltage in use, at rest (corrected for the drop under load); invalid while nobody reports one.
  [[nodiscard]] const Sample<Volts>& voltage() const noexcept { return voltage_; }
  // The BMS has been silent for longer than is allowed.
  [[nodiscard]] bool silent() const noexcept { return silent_; }
  // Beyond the safety margin: kCellVoltageHigh, kCellVoltageLow.
  [[nodiscard]] bool cell_too_high() const noexcept { return cell_too_high_; }
  [[nodiscard]] bool cell_too_low() const noexcept { return cell_too_low_; }
  [[nodiscard]] bool temperature_outside() const noexcept { return temperature_outside_; }
  // So near to a voltage limit that a sound converter may deliver less than it is told: near its end voltage a charger
  // falls to what the battery takes, and an inverter protects itself.
  [[nodiscard]] bool charge_tapers() const noexcept;
  [[nodiscard]] bool discharge_tapers() const noexcept;

 private:
  void ChooseVoltage(const BatteryInput& battery, const Sample<Volts>& terminal, Watts power, MonotonicTime now) noexcept;
  void JudgeSilence(const BatteryInput& battery, MonotonicTime now) noexcept;
  void UpdateFullAndEmpty(const BatteryInput& battery, Amperes current, MonotonicTime now) noexcept;
  void LimitByVoltage(BatteryLimits& limits) const noexcept;
  void LimitByTemperature(const BatteryInput& battery, MonotonicTime now, BatteryLimits& limits) noexcept;

  BatterySettings settings_;
  Sample<Volts> voltage_;
  Volts measured_;      // the same, as it was reported
  Volts cell_lowest_;   // at rest; the pack's mean where cells are not known
  Volts cell_highest_;
  bool silent_ = false;
  bool full_ = false;
  bool empty_ = false;
  bool cell_too_high_ = false;
  bool cell_too_low_ = false;
  bool temperature_outside_ = false;
  bool cells_seen_ = false;
  bool cells_missing_ = false;  // their voltages were known once, and are too old now
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_BATTERY_LIMITER_H_
