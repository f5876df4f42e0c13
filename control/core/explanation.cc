#include "control/core/explanation.h"

namespace abcds {
namespace {

// Whether a converter's reason says something about the plant: it moves power, or would if that were not in the way.
bool Acts(const Decision& one) {
  switch (one.reason) {
    case Reason::kReversalHold:
    case Reason::kBelowMinimum:
    case Reason::kConverterNotReady:
    case Reason::kOtherDirection:
    case Reason::kNotFollowing:
      return true;
    default:
      return one.setpoint != Watts(0);
  }
}

}  // namespace

Decision ExplainConverter(const Assignment& assignment, Reason written, const Wish& wish) noexcept {
  Decision decision;
  decision.wanted = assignment.power;
  decision.reason = assignment.reason;
  decision.limit = assignment.limit;
  decision.limited = assignment.reason == Reason::kConverterLimit || assignment.reason == Reason::kBelowMinimum;
  if (decision.reason == Reason::kRegulating || written == Reason::kObserving) decision.reason = written;
  // What limits or drives the plant explains a device that only carries it out.
  const bool plain = decision.reason == Reason::kRegulating || decision.reason == Reason::kNothingToDo;
  if (plain && wish.reason != Reason::kRegulating) {
    decision.reason = wish.reason;
    decision.limit = wish.limit;
    decision.limited = wish.limited;
  }
  return decision;
}

Decision ExplainPlant(const Wish& wish, const Outputs& outputs, int count) noexcept {
  Decision plant;
  plant.wanted = wish.unlimited;
  plant.reason = wish.reason;
  plant.limit = wish.limit;
  plant.limited = wish.limited;
  for (int i = 0; i < count; ++i) plant.setpoint += outputs.converters[i].power;
  if (outputs.mode == Mode::kObserve) plant.reason = Reason::kObserving;
  // Where nothing holds the plant's wish back, what holds its only acting device back is the plant's reason too.
  for (int i = 0; i < count && plant.reason == Reason::kRegulating; ++i) {
    const Decision& one = outputs.converters[i].decision;
    if (!Acts(one)) continue;
    plant.reason = one.reason;
    plant.limit = one.limit;
    plant.limited = one.limited;
  }
  return plant;
}

Decision Since(const Decision& before, Decision next, MonotonicTime now) noexcept {
  const bool same = before.reason == next.reason && before.since != MonotonicTime::min();
  next.since = same ? before.since : now;
  return next;
}

bool Idles(Reason reason) noexcept {
  switch (reason) {
    case Reason::kRegulating:
    case Reason::kDeadband:
    case Reason::kMinimumInterval:
    case Reason::kBelowMinimum:
    case Reason::kNothingToDo:
    case Reason::kWriteBudget:
      return true;
    default:
      return false;
  }
}

}  // namespace abcds
