#include "control/core/converter_unit.h"

#include <algorithm>

#include "hal/units/at_rest.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;

// A lost converter may do anything for this long; then it counts as part of the house, so that the others can regulate.
constexpr Nanoseconds kUnknownPower = 10s;
// Where nothing proves that a silent converter rests, the other direction waits this long. Longer than anything that ends
// by itself: a driver's retries, an inverter's start, a bus that is plugged in again, a device's own watchdog. Shorter
// than what waiting costs: five minutes of sun on a charger are some 100 Wh a time, while a silent inverter that does run
// against it wastes its losses, 50 W of 600 W, until somebody reads the fault that is shown all the time.
constexpr Nanoseconds kGrace = 5min;
constexpr Nanoseconds kReadingMaxAge = 3s;
constexpr Watts kReadingError{30};
// More than one reading, of any device here.
constexpr Nanoseconds kRunsOnAfter = 3s;
// How far the real efficiency may be from the configured one.
constexpr double kEfficiencyError = 0.06;

}  // namespace

ConverterUnit::ConverterUnit(const ConverterSettings& settings) noexcept
    : settings_(settings),
      tube_(settings.response, settings.reports_power),
      writer_(settings),
      judge_(settings) {}

void ConverterUnit::Lose(MonotonicTime now) noexcept {
  answers_ = false;
  runs_on_ = false;
  runs_since_ = MonotonicTime::max();
  lost_at_ = now;
  const PowerInterval last = tube_.power();
  const bool acknowledged_zero = input_.acknowledged.valid && input_.acknowledged.value == Watts(0);
  lost_at_rest_ = heard_once_ && writer_.setpoint() == Watts(0) && acknowledged_zero && last.low > -kAtRest &&
                  last.high < kAtRest;
  writer_.Override(Watts(0), now);
  tube_.Command(Watts(0), now);
  judge_.Reset();
}

void ConverterUnit::Regain() noexcept {
  answers_ = true;
  heard_once_ = true;
  // Its readings say where it stands; without any, a device that accepts commands has accepted 0 W.
  tube_.Forget(settings_.reports_power ? Everything() : PowerInterval{});
}

void ConverterUnit::Observe(const ConverterInput& input, MonotonicTime now, Nanoseconds dt) noexcept {
  const bool answers = input.ready && !input.faulty;
  if (lost_at_ == MonotonicTime::min()) lost_at_ = now;
  if (answers_ && !answers) Lose(now);
  if (!answers_ && answers) {
    tube_.Command(Watts(0), now);
    Regain();
  }
  input_ = input;
  if (!answers_) {
    possible_ = Everything();
    return;
  }
  tube_.Advance(now, dt);
  tube_.ReadBack(input.power, now);
  WatchZero(now);
}

void ConverterUnit::WatchZero(MonotonicTime now) noexcept {
  const Sample<Watts>& reading = input_.power;
  const bool moves = settings_.reports_power && writer_.setpoint() == Watts(0) && now >= tube_.SettledBy() &&
                     reading.UsableAt(now, kReadingMaxAge) && Magnitude(reading.value) >= kAtRest;
  if (!moves) runs_since_ = MonotonicTime::max();
  else if (runs_since_ == MonotonicTime::max()) runs_since_ = now;
  runs_on_ = moves && now - runs_since_ >= kRunsOnAfter;
  if (runs_on_) possible_ = {reading.value, reading.value};
}

void ConverterUnit::HearWitness(const RestWitness& witness, MonotonicTime now) noexcept {
  if (answers_) return;
  const bool speaks = input_.power.taken_at > lost_at_ && input_.power.UsableAt(now, kReadingMaxAge);
  if (speaks) {
    // Since then it may have obeyed its driver's 0 W without our hearing of it.
    possible_ = {std::min(input_.power.value - kReadingError, Watts(0)),
                 std::max(input_.power.value + kReadingError, Watts(0))};
    if (Magnitude(input_.power.value) < kAtRest) possible_ = {};
    return;
  }
  using Verdict = RestWitness::Verdict;
  const bool believed_at_rest = lost_at_rest_ || now - lost_at_ > kGrace;
  possible_ = Everything();
  if (witness.discharging() == Verdict::kAtRest || believed_at_rest) possible_.low = Watts(0);
  if (witness.charging() == Verdict::kAtRest || believed_at_rest) possible_.high = Watts(0);
  // How much it runs with is left open: between two samples of the battery's current it may have stopped.
  if (witness.discharging() == Verdict::kRuns && settings_.discharges) possible_ = {-settings_.max_discharge, Watts(0)};
  if (witness.charging() == Verdict::kRuns && settings_.charges) possible_ = {Watts(0), settings_.max_charge};
}

void ConverterUnit::JudgeFollowing(bool charge_tapers, bool discharge_tapers, MonotonicTime now) noexcept {
  if (!answers_) return;
  const bool tapers = writer_.setpoint() > Watts(0) ? charge_tapers : discharge_tapers;
  judge_.Step({.told = tube_.settling_at(), .reading = input_.power, .may_deliver_less = tapers}, now);
}

PowerInterval ConverterUnit::own_power(MonotonicTime now) const noexcept {
  if (answers_) return tube_.power();
  // One that was never heard has been part of the house from the beginning.
  return lately_lost(now) ? possible_ : PowerInterval{};
}

bool ConverterUnit::lately_lost(MonotonicTime now) const noexcept {
  return !answers_ && heard_once_ && now - lost_at_ <= kUnknownPower;
}

PowerInterval ConverterUnit::AtBattery() const noexcept {
  const PowerInterval ac = possible();
  const double least = std::max(settings_.efficiency - kEfficiencyError, 0.5);
  const double most = std::min(settings_.efficiency + kEfficiencyError, 1.0);
  return {ac.low > Watts(0) ? ac.low * least : ac.low / least, ac.high > Watts(0) ? ac.high * most : ac.high / most};
}

ConverterView ConverterUnit::View() const noexcept {
  const Watts most = judge_.most();
  return {.usable = answers_ && !judge_.suspended(),
          .unusable_because = answers_ ? Reason::kNotFollowing : Reason::kConverterNotReady,
          .min_charge = std::max(settings_.min_charge, input_.min_charge),
          .min_discharge = std::max(settings_.min_discharge, input_.min_discharge),
          .max_charge = settings_.charges ? std::min({settings_.max_charge, input_.max_charge, most}) : Watts(0),
          .max_discharge =
              settings_.discharges ? std::min({settings_.max_discharge, input_.max_discharge, most}) : Watts(0),
          .setpoint = writer_.setpoint(),
          .power = possible()};
}

}  // namespace abcds
