#include "control/core/battery_limiter.h"

#include <algorithm>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

// Converters are asked for their DC voltage less often; it moves slowly.
constexpr Nanoseconds kTerminalMaxAge = 20s;
// Over this voltage per cell the power falls from all to nothing: wide enough that a converter's steps and the cell's
// resistance do not make it swing.
constexpr Volts kCellDeratingBand{0.05};
// Full: within this of the end-of-charge voltage, with little current left (10 mV per cell: the original's 0.10 V for 8).
constexpr Volts kFullBand{0.0125};
// Derating before a temperature limit.
constexpr Celsius kTemperatureBand{5};
// Empty: so close to the end-of-discharge voltage that derating leaves a tenth; it would creep towards it for ever.
constexpr Volts kEmptyBand{0.005};
// Beyond the operating limits by this much is not operation any more but a fault.
constexpr Volts kCellSafetyMargin{0.15};
constexpr Celsius kTemperatureSafetyMargin{5};
// Converters do not measure a battery's voltage where it is, and cables have resistance.
constexpr Volts kTaperBand{0.10};
// Below this a "voltage" is a missing battery.
constexpr Volts kNoBattery{1.0};

// 1 inside, falling to 0 at the limit: `distance` to the limit, over `band`.
template <class Q>
double Share(Q distance, Q band) {
  return std::clamp(distance / band, 0.0, 1.0);
}

// A limit that the BMS once gave stands until it gives another one; whether it still speaks is judged elsewhere.
Amperes CurrentLimit(Amperes configured, const Sample<Amperes>& own) {
  if (!own.valid || !IsFinite(own.value)) return configured;
  return std::clamp(own.value, Amperes(0), configured);
}

void Lower(Watts& limit, Reason& reason, Watts to, Reason why) {
  if (to >= limit) return;
  limit = to;
  reason = why;
}

}  // namespace

bool BatteryLimiter::IsBattery(const Sample<Volts>& terminal_voltage, MonotonicTime now) noexcept {
  return terminal_voltage.UsableAt(now, kTerminalMaxAge) && terminal_voltage.value > kNoBattery;
}

void BatteryLimiter::ChooseVoltage(const BatteryInput& battery, const Sample<Volts>& terminal, Watts power,
                                   MonotonicTime now) noexcept {
  // While a silent BMS is within its grace its last values stand.
  const Nanoseconds bms_age = std::max(kMaxAge, settings_.silence_grace);
  if (battery.present && battery.voltage.UsableAt(now, bms_age)) {
    voltage_ = battery.voltage;
  } else if (!battery.present && IsBattery(terminal, now)) {
    voltage_ = terminal;
  } else {
    voltage_.valid = false;
    return;
  }
  const Amperes current = battery.present && battery.current.UsableAt(now, bms_age) ? battery.current.value
                                                                                    : power / voltage_.value;
  const Volts drop = current * settings_.resistance;
  measured_ = voltage_.value;
  voltage_.value -= drop;
  const Volts mean = voltage_.value / settings_.cells;
  const Volts cell_drop = drop / settings_.cells;
  const bool cells = battery.present && battery.cell_lowest.UsableAt(now, bms_age) &&
                     battery.cell_highest.UsableAt(now, bms_age);
  cells_seen_ |= cells;
  cells_missing_ = cells_seen_ && !cells;
  cell_lowest_ = cells ? battery.cell_lowest.value - cell_drop : mean;
  cell_highest_ = cells ? battery.cell_highest.value - cell_drop : mean;
}

void BatteryLimiter::JudgeSilence(const BatteryInput& battery, MonotonicTime now) noexcept {
  if (!battery.present) return;
  if (battery.voltage.UsableAt(now, kMaxAge)) {
    // The pack's voltage alone is no excuse for cells that are not heard of any more.
    silent_ = cells_missing_;
    return;
  }
  const bool in_grace = battery.voltage.UsableAt(now, settings_.silence_grace);
  // The last known cells must leave room for what may have happened since.
  const bool safe_band = cell_lowest_ > settings_.cell_min_restart && cell_highest_ < settings_.cell_max_restart;
  silent_ = !(in_grace && safe_band && battery.charge_allowed && battery.discharge_allowed);
}

void BatteryLimiter::UpdateFullAndEmpty(const BatteryInput& battery, Amperes current, MonotonicTime now) noexcept {
  const bool soc_known = battery.present && battery.soc.UsableAt(now, std::max(kMaxAge, settings_.silence_grace));
  const bool little_current = current >= Amperes(0) && current <= settings_.full_current;
  if (cell_highest_ >= settings_.cell_max ||
      (cell_highest_ >= settings_.cell_max - kFullBand && little_current)) {
    full_ = true;
  } else if (cell_highest_ <= settings_.cell_max_restart) {
    full_ = false;
  }
  if (cell_lowest_ <= settings_.cell_min + kEmptyBand || (soc_known && battery.soc.value <= settings_.soc_min)) {
    empty_ = true;
  } else if (cell_lowest_ >= settings_.cell_min_restart &&
             (!soc_known || battery.soc.value >= settings_.soc_restart)) {
    empty_ = false;
  }
  cell_too_high_ = cell_highest_ > settings_.cell_max + kCellSafetyMargin;
  cell_too_low_ = cell_lowest_ < settings_.cell_min - kCellSafetyMargin;
}

void BatteryLimiter::LimitByVoltage(BatteryLimits& limits) const noexcept {
  const double charge = Share(settings_.cell_max - cell_highest_, kCellDeratingBand);
  const double discharge = Share(cell_lowest_ - settings_.cell_min, kCellDeratingBand);
  Lower(limits.charge, limits.charge_reason, limits.charge * charge, Reason::kCellVoltageLimit);
  Lower(limits.discharge, limits.discharge_reason, limits.discharge * discharge, Reason::kCellVoltageLimit);
  if (full_) Lower(limits.charge, limits.charge_reason, Watts(0), Reason::kBatteryFull);
  if (empty_) Lower(limits.discharge, limits.discharge_reason, Watts(0), Reason::kBatteryEmpty);
  if (full_) limits.charge_reason = Reason::kBatteryFull;
  if (empty_) limits.discharge_reason = Reason::kBatteryEmpty;
}

void BatteryLimiter::LimitByTemperature(const BatteryInput& battery, MonotonicTime now,
                                        BatteryLimits& limits) noexcept {
  const Nanoseconds max_age = std::max(kMaxAge, settings_.silence_grace);
  if (!battery.temperature_lowest.UsableAt(now, max_age) || !battery.temperature_highest.UsableAt(now, max_age)) {
    // A sensor that has failed is not a battery that is warm enough. Whether it was outside stands as it was last known.
    if (battery.present && !settings_.charge_without_temperature) {
      Lower(limits.charge, limits.charge_reason, Watts(0), Reason::kTemperatureLimit);
    }
    return;
  }
  const Celsius low = battery.temperature_lowest.value;
  const Celsius high = battery.temperature_highest.value;
  const double charge = std::min(Share(low - settings_.charge_temperature_min, kTemperatureBand),
                                 Share(settings_.charge_temperature_max - high, kTemperatureBand));
  const double discharge = std::min(Share(low - settings_.discharge_temperature_min, kTemperatureBand),
                                    Share(settings_.discharge_temperature_max - high, kTemperatureBand));
  Lower(limits.charge, limits.charge_reason, limits.charge * charge, Reason::kTemperatureLimit);
  Lower(limits.discharge, limits.discharge_reason, limits.discharge * discharge, Reason::kTemperatureLimit);
  temperature_outside_ =
      low < settings_.discharge_temperature_min - kTemperatureSafetyMargin ||
      high > std::max(settings_.charge_temperature_max, settings_.discharge_temperature_max) + kTemperatureSafetyMargin;
}

bool BatteryLimiter::charge_tapers() const noexcept {
  return voltage_.valid && cell_highest_ >= settings_.cell_max - kTaperBand;
}

bool BatteryLimiter::discharge_tapers() const noexcept {
  return voltage_.valid && cell_lowest_ <= settings_.cell_min + kTaperBand;
}

BatteryLimits BatteryLimiter::Update(const BatteryInput& battery, const Sample<Volts>& terminal_voltage, Watts power,
                                     MonotonicTime now) noexcept {
  ChooseVoltage(battery, terminal_voltage, power, now);
  JudgeSilence(battery, now);
  BatteryLimits limits;
  limits.full = full_;
  limits.empty = empty_;
  if (!voltage_.valid || silent_) {
    limits.charge_reason = limits.discharge_reason = silent_ ? Reason::kBatterySilent : Reason::kBatteryVoltageUnknown;
    return limits;
  }
  const Amperes current = battery.present && battery.current.UsableAt(now, kMaxAge) ? battery.current.value
                                                                                       : power / voltage_.value;
  UpdateFullAndEmpty(battery, current, now);
  limits.full = full_;
  limits.empty = empty_;

  const Amperes charge = CurrentLimit(settings_.max_charge_current, battery.charge_current_limit);
  const Amperes discharge = CurrentLimit(settings_.max_discharge_current, battery.discharge_current_limit);
  limits.charge = voltage_.value * charge;
  // The voltage falls with the current, so the same power is more current: that of the limit itself, or what is already
  // measured where more is lost on the way than the configuration knows.
  const Volts under_load = std::min(measured_, voltage_.value - discharge * settings_.resistance);
  limits.discharge = std::max(under_load * discharge, Watts(0));
  limits.charge_reason = limits.discharge_reason = Reason::kBatteryCurrentLimit;
  LimitByVoltage(limits);
  LimitByTemperature(battery, now, limits);
  if (!battery.charge_allowed) Lower(limits.charge, limits.charge_reason, Watts(0), Reason::kBatteryForbids);
  if (!battery.discharge_allowed) Lower(limits.discharge, limits.discharge_reason, Watts(0), Reason::kBatteryForbids);
  return limits;
}

}  // namespace abcds
