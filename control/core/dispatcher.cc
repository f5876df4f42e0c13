#include "control/core/dispatcher.h"

#include "hal/units/at_rest.h"

namespace abcds {

namespace {

// How far a converter's power reaches to the other side of `direction`: at least, and at most.
PowerInterval Against(Direction direction, const ConverterView& one) {
  if (direction == Direction::kCharge) return {-one.power.high, -one.power.low};
  return one.power;
}

}  // namespace

bool Dispatcher::Opposed(Direction direction, const ConverterViews& converters) const noexcept {
  for (int i = 0; i < settings_.converter_count; ++i) {
    const PowerInterval against = Against(direction, converters[i]);
    if ((converters[i].usable ? against.low : against.high) >= kAtRest) return true;
  }
  return false;
}

bool Dispatcher::Clear(Direction direction, const ConverterViews& converters) const noexcept {
  for (int i = 0; i < settings_.converter_count; ++i) {
    if (Against(direction, converters[i]).high >= kAtRest) return false;
  }
  return true;
}

bool Dispatcher::TurnsAround(Direction wanted, const ConverterViews& converters) const noexcept {
  for (int i = 0; i < settings_.converter_count; ++i) {
    const bool other_way = last_ran_[i] != Direction::kNone && last_ran_[i] != wanted;
    if (other_way && converters[i].Most(wanted) > Watts(0)) return true;
  }
  return false;
}

Direction Dispatcher::Steer(Direction wanted, const ConverterViews& converters, MonotonicTime now) noexcept {
  bool at_rest = true;
  for (int i = 0; i < settings_.converter_count; ++i) {
    const ConverterView& one = converters[i];
    if (one.setpoint != Watts(0)) last_ran_[i] = one.setpoint > Watts(0) ? Direction::kCharge : Direction::kDischarge;
    at_rest &= one.setpoint == Watts(0) && one.power.low > -kAtRest && one.power.high < kAtRest;
  }
  if (!at_rest) {
    at_rest_since_ = MonotonicTime::max();
  } else if (at_rest_since_ == MonotonicTime::max()) {
    at_rest_since_ = now;
  }
  if (wanted == direction_ || wanted == Direction::kNone) return direction_;
  const Nanoseconds hold =
      TurnsAround(wanted, converters) ? settings_.regulation.reversal_hold : Nanoseconds(0);
  const bool free =
      direction_ == Direction::kNone ? Clear(wanted, converters) : at_rest && now - at_rest_since_ >= hold;
  if (free) direction_ = wanted;
  return direction_;
}

void Dispatcher::Assign(const Demand& demand, const ConverterViews& converters, MonotonicTime now,
                        Assignments& assignments) noexcept {
  Direction wanted = demand.total > Watts(0)   ? Direction::kCharge
                     : demand.total < Watts(0) ? Direction::kDischarge
                                               : Direction::kNone;
  Watts possible;
  for (int i = 0; i < settings_.converter_count; ++i) possible += converters[i].Most(wanted);
  // What nobody can do is no reason to turn around.
  if (possible <= Watts(0)) wanted = Direction::kNone;

  const Direction direction = Steer(wanted, converters, now);
  // Before the first of them starts it must be certain, not only likely, that nothing runs against it.
  bool standing = false;
  for (int i = 0; i < settings_.converter_count; ++i) standing |= converters[i].setpoint != Watts(0);
  const bool opposed =
      direction != Direction::kNone && (standing ? Opposed(direction, converters) : !Clear(direction, converters));
  const Watts rest = wanted == direction ? Magnitude(demand.total) : Watts(0);
  const Watts ceiling = direction == Direction::kCharge ? demand.charge_ceiling : demand.discharge_ceiling;
  allocator_.Share(direction, opposed ? Watts(0) : rest, opposed ? Watts(0) : ceiling, converters, now, assignments);

  // Everybody who waits for the others says so.
  const bool reversing = wanted != Direction::kNone && wanted != direction;
  bool unheard = opposed;
  for (int i = 0; i < settings_.converter_count; ++i) {
    unheard |= !converters[i].usable && Against(wanted, converters[i]).high >= kAtRest;
  }
  for (int i = 0; i < settings_.converter_count; ++i) {
    const ConverterView& one = converters[i];
    Assignment& out = assignments[i];
    if (!one.usable || out.power != Watts(0)) continue;
    const bool waits = one.setpoint != Watts(0) || one.Most(wanted) > Watts(0);
    if ((reversing || (opposed && wanted != Direction::kNone)) && waits) {
      out = Assignment{};
      out.reason = unheard ? Reason::kOtherDirection : Reason::kReversalHold;
    }
  }
}

}  // namespace abcds
