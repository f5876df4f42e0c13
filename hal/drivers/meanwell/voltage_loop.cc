#include "hal/drivers/meanwell/voltage_loop.h"

#include <algorithm>
#include <cmath>

namespace abcds::meanwell {
namespace {

constexpr double kStepsPerVolt = 100;
constexpr Ohms kResistanceAt24V{0.012};
constexpr double kGain = 0.6;
// A set voltage shows in the current after 0.1 to 0.3 s; the write and its read-back take some 50 ms more.
constexpr Nanoseconds kShowsAfter = std::chrono::milliseconds(400);

}  // namespace

VoltageLoop::VoltageLoop(Volts nominal, Volts lowest, Volts highest) noexcept
    // Twice the voltage has twice the cells in series, and cables for half the current.
    : lowest_(lowest), highest_(highest), resistance_(kResistanceAt24V * (nominal / Volts(24))) {}

void VoltageLoop::Start(Amperes wanted, Volts voltage, Amperes current, MonotonicTime now) noexcept {
  wanted_ = wanted;
  Set(voltage + (wanted - current) * resistance_, now);
}

void VoltageLoop::OnReading(Amperes current, MonotonicTime asked_at, MonotonicTime now) noexcept {
  if (!running() || asked_at < changed_at_ + kShowsAfter) return;
  const Amperes error = wanted_ - current;
  const Volts correction = error * resistance_ * kGain;
  // Less than half a step of the device: no voltage would be nearer.
  if (Magnitude(correction).value() * kStepsPerVolt < 0.5 * kGain) return;
  const double steps = correction.value() * kStepsPerVolt;
  const double whole = steps > 0 ? std::max(1.0, std::round(steps)) : std::min(-1.0, std::round(steps));
  Set(*voltage_ + Volts(whole / kStepsPerVolt), now);
}

void VoltageLoop::Set(Volts voltage, MonotonicTime now) noexcept {
  const Volts within = std::clamp(voltage, lowest_, highest_);
  voltage_ = Volts(std::floor(within.value() * kStepsPerVolt + 0.5) / kStepsPerVolt);
  changed_at_ = now;
}

}  // namespace abcds::meanwell
