#include "control/core/dispatcher.h"

#include <algorithm>

namespace abcds {
namespace {

// A running converter is held at its minimum until less than this share of it is wanted: the little that is then moved
// too much costs less than stopping and starting again.
constexpr double kHoldShare = 0.6;

}  // namespace

Dispatcher::Direction Dispatcher::Steer(Direction wanted,
                                        const std::array<ConverterView, kMaxConverters>& converters,
                                        MonotonicTime now) noexcept {
  bool at_rest = true;
  for (int i = 0; i < settings_.converter_count; ++i) {
    const ConverterView& one = converters[i];
    at_rest &= one.setpoint == Watts(0) && one.power.low > -kAtRest && one.power.high < kAtRest;
  }
  if (!at_rest) {
    at_rest_since_ = MonotonicTime::max();
  } else if (at_rest_since_ == MonotonicTime::max()) {
    at_rest_since_ = now;
  }
  if (wanted == direction_ || wanted == Direction::kNone) return direction_;
  const bool free = direction_ == Direction::kNone ||
                    (at_rest && now - at_rest_since_ >= settings_.regulation.reversal_hold);
  if (free) direction_ = wanted;
  return direction_;
}

void Dispatcher::Assign(Watts total, const std::array<ConverterView, kMaxConverters>& converters, MonotonicTime now,
                        std::array<Assignment, kMaxConverters>& assignments) noexcept {
  auto most = [&](int i, Direction direction) {
    const ConverterView& one = converters[i];
    if (!one.usable || direction == Direction::kNone) return Watts(0);
    return direction == Direction::kCharge ? one.max_charge : one.max_discharge;
  };
  Direction wanted = total > Watts(0) ? Direction::kCharge : total < Watts(0) ? Direction::kDischarge : Direction::kNone;
  Watts possible;
  for (int i = 0; i < settings_.converter_count; ++i) possible += most(i, wanted);
  // What nobody can do is no reason to turn around.
  if (possible <= Watts(0)) wanted = Direction::kNone;

  const Direction direction = Steer(wanted, converters, now);
  const bool reversing = wanted != Direction::kNone && wanted != direction;
  const double sign = direction == Direction::kDischarge ? -1.0 : 1.0;
  Watts rest = wanted == direction ? Magnitude(total) : Watts(0);

  for (int i = 0; i < settings_.converter_count; ++i) {
    const ConverterSettings& device = settings_.converters[i];
    Assignment& out = assignments[i];
    out = Assignment{};
    if (!converters[i].usable) {
      out.reason = Reason::kConverterNotReady;
      continue;
    }
    const Watts limit = most(i, direction);
    if (reversing && (converters[i].setpoint != Watts(0) || most(i, wanted) > Watts(0))) {
      out.reason = Reason::kReversalHold;
      continue;
    }
    if (rest <= Watts(0) || limit <= Watts(0)) continue;  // nothing to do
    const Watts minimum = direction == Direction::kCharge ? device.min_charge : device.min_discharge;
    const bool running = converters[i].setpoint.value() * sign > 0.0;
    if (limit < minimum || rest < minimum * (running ? kHoldShare : 1.0)) {
      out.reason = Reason::kBelowMinimum;
      out.limit = minimum;
      continue;
    }
    const Watts magnitude = std::clamp(rest, minimum, limit);
    out.power = magnitude * sign;
    out.limit = limit;
    out.reason = rest > limit ? Reason::kConverterLimit : rest < minimum ? Reason::kBelowMinimum : Reason::kRegulating;
    if (out.reason == Reason::kBelowMinimum) out.limit = minimum;
    rest -= magnitude;
  }
}

}  // namespace abcds
