#include "control/core/gate.h"

#include <algorithm>
#include <cmath>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

// Readings older than this prove nothing; silence is another check's business.
constexpr Nanoseconds kFresh = 5s;
// A cell may pass its operating limit by this under load; beyond it nothing above may explain it away.
constexpr double kHardCellMarginVolts = 0.10;
// A reading beyond this is power, whatever the error of the sensor and the consumption of a converter at rest.
constexpr double kRunsWatts = 50.0;

}  // namespace

Gate::Gate(const CoreSettings& settings) noexcept : settings_(settings) {
  const double seconds = 3.0 * ToSeconds(settings.meter.interval) +
                         ToSeconds(settings.meter.latency) * (1.0 + settings.meter.timing_uncertainty);
  meter_max_age_ = std::max<Nanoseconds>(10s, FromSeconds(seconds));
}

bool Gate::MeterTooOld(const Inputs& inputs) noexcept {
  const Sample<Watts>& power = inputs.meter.power;
  if (inputs.samples_void) trusted_at_ = MonotonicTime::min();
  if (!power.valid || !std::isfinite(power.value.value())) return true;
  // A value that is not trusted (retained, replayed) makes nothing fresh.
  if (inputs.meter.trusted) trusted_at_ = power.taken_at;
  return trusted_at_ == MonotonicTime::min() || inputs.now - trusted_at_ > meter_max_age_;
}

bool Gate::Opposed(const Inputs& inputs, int self, bool charge) const noexcept {
  for (int i = 0; i < settings_.converter_count; ++i) {
    const Sample<Watts>& reading = inputs.converters[i].power;
    if (i == self || !reading.UsableAt(inputs.now, kFresh)) continue;
    if (charge ? reading.value.value() < -kRunsWatts : reading.value.value() > kRunsWatts) return true;
  }
  return false;
}

bool Gate::ChargeForbidden(const BatteryInput& battery, MonotonicTime now) const noexcept {
  if (!battery.present) return false;
  const bool high = battery.cell_highest.UsableAt(now, kFresh) &&
                    battery.cell_highest.value.value() > settings_.battery.cell_max.value() + kHardCellMarginVolts;
  return !battery.charge_allowed || high;
}

bool Gate::DischargeForbidden(const BatteryInput& battery, MonotonicTime now) const noexcept {
  if (!battery.present) return false;
  const bool low = battery.cell_lowest.UsableAt(now, kFresh) &&
                   battery.cell_lowest.value.value() < settings_.battery.cell_min.value() - kHardCellMarginVolts;
  return !battery.discharge_allowed || low;
}

Gate::Verdict Gate::Check(const Inputs& inputs, bool latched, std::array<Watts, kMaxConverters>& powers) noexcept {
  Verdict verdict;
  const bool stop = MeterTooOld(inputs) || latched;
  const bool no_charge = !inputs.intent.charger_enabled || ChargeForbidden(inputs.battery, inputs.now);
  const bool no_discharge = !inputs.intent.discharger_enabled || DischargeForbidden(inputs.battery, inputs.now);
  bool charges = false;
  bool discharges = false;
  for (int i = 0; i < kMaxConverters; ++i) {
    const ConverterSettings& device = settings_.converters[i];
    double allowed = powers[i].value();
    if (!std::isfinite(allowed) || stop || i >= settings_.converter_count) allowed = 0.0;
    if (allowed > 0.0 && (no_charge || !device.charges)) allowed = 0.0;
    if (allowed < 0.0 && (no_discharge || !device.discharges)) allowed = 0.0;
    if (allowed != 0.0 && Opposed(inputs, i, allowed > 0.0)) allowed = 0.0;
    if (allowed > device.max_charge.value()) allowed = device.max_charge.value();
    if (allowed < -device.max_discharge.value()) allowed = -device.max_discharge.value();
    if (allowed != powers[i].value()) {
      verdict.changed = true;
      powers[i] = Watts(allowed);
    }
    charges |= allowed > 0.0;
    discharges |= allowed < 0.0;
  }
  if (charges && discharges) {
    powers.fill(Watts(0));
    verdict.changed = true;
    verdict.circulation = true;
  }
  return verdict;
}

}  // namespace abcds
