#include "control/core/allocator.h"

#include <algorithm>

namespace abcds {
namespace {

// A running converter is held at its minimum until less than this share of it is wanted.
constexpr double kHoldShare = 0.6;
// A further converter is stopped when those before it could do with this share of its own power to spare.
constexpr double kSpareShare = 0.1;

// On or off, nothing between.
bool IsStep(const ConverterView& view, Direction direction) {
  return view.Most(direction) > Watts(0) && view.Least(direction) == view.Most(direction);
}

Watts Or(Watts value, Watts otherwise) { return value > Watts(0) ? value : otherwise; }

}  // namespace

void Allocator::RememberSwitching(const ConverterViews& converters, MonotonicTime now) noexcept {
  for (int i = 0; i < settings_.converter_count; ++i) {
    const bool on = converters[i].setpoint != Watts(0);
    if (on == was_on_[i]) continue;
    was_on_[i] = on;
    switched_[i] = true;
    switched_at_[i] = now;
  }
}

bool Allocator::MustStayOn(int i, const ConverterView& view, MonotonicTime now) const noexcept {
  return view.setpoint > Watts(0) && switched_[i] && now - switched_at_[i] < settings_.converters[i].minimum_on;
}

bool Allocator::MustStayOff(int i, MonotonicTime now) const noexcept {
  return !was_on_[i] && switched_[i] && now - switched_at_[i] < settings_.converters[i].minimum_off;
}

Allocator::Place Allocator::Judge(int i, Direction direction, Watts share, Watts before, const ConverterView& view,
                                  MonotonicTime now) const noexcept {
  const Watts least = view.Least(direction);
  const double sign = direction == Direction::kDischarge ? -1.0 : 1.0;
  const bool running = view.setpoint.value() * sign > 0.0;
  if (IsStep(view, direction)) {
    const Watts from = running ? Or(settings_.converters[i].switch_off, least * kHoldShare)
                               : Or(settings_.converters[i].switch_on, least);
    if (MustStayOff(i, now)) return {};
    return {.on = MustStayOn(i, view, now) || share >= from, .held = share < least};
  }
  if (before > Watts(0) && running) return {.on = share > -std::max(least, view.Most(direction) * kSpareShare)};
  return {.on = share > Watts(0) && share >= least * (running ? kHoldShare : 1.0), .held = share < least};
}

void Allocator::Share(Direction direction, Watts wanted, Watts ceiling, const ConverterViews& converters,
                      MonotonicTime now, Assignments& assignments) noexcept {
  RememberSwitching(converters, now);
  Places places{};
  Watts before;      // what those that run before it can carry
  Watts least_sum;   // what all that run carry at least
  for (int i = 0; i < settings_.converter_count; ++i) {
    const ConverterView& view = converters[i];
    Assignment& out = assignments[i];
    out = Assignment{};
    if (!view.usable) {
      out.reason = view.unusable_because;
      continue;
    }
    const Watts most = view.Most(direction);
    const Watts least = view.Least(direction);
    const bool stays = MustStayOn(i, view, now) && direction == Direction::kCharge;
    if (most <= Watts(0) || (wanted <= Watts(0) && !stays)) continue;  // nothing to do
    const Watts share = wanted - before;
    places[i] = Judge(i, direction, share, before, view, now);
    if (!places[i].on && MustStayOff(i, now) && IsStep(view, direction)) out.reason = Reason::kSwitchTime;
    // One converter may be held at its minimum above what is wanted, not several.
    const bool too_much = before > Watts(0) && least_sum + least > wanted && !stays;
    if (least_sum + least > ceiling || least > most || too_much) places[i].on = false;
    if (!places[i].on) {
      if (share > Watts(0) && out.reason == Reason::kNothingToDo) {
        out.reason = Reason::kBelowMinimum;
        out.limit = least;
      }
      continue;
    }
    before += most;
    least_sum += least;
  }

  const double sign = direction == Direction::kDischarge ? -1.0 : 1.0;
  Watts spare = std::min(wanted, ceiling) - least_sum;  // beyond all minima
  for (int i = 0; i < settings_.converter_count; ++i) {
    if (!places[i].on) continue;
    const Watts most = converters[i].Most(direction);
    const Watts least = converters[i].Least(direction);
    const Watts more = std::clamp(spare, Watts(0), most - least);
    Assignment& out = assignments[i];
    out.power = (least + more) * sign;
    out.limit = most;
    out.reason = Reason::kRegulating;
    if (spare > most - least && most > least) out.reason = Reason::kConverterLimit;
    spare -= more;
    if (!places[i].held) continue;
    out.reason = wanted < least && MustStayOn(i, converters[i], now) ? Reason::kSwitchTime : Reason::kBelowMinimum;
    out.limit = least;
  }
}

}  // namespace abcds
