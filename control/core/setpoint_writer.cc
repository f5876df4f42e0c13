#include "control/core/setpoint_writer.h"

#include <algorithm>
#include <cmath>

namespace abcds {
namespace {

// A deviation in the deadband is forgotten with this time constant, and sent when its sum reaches deadband × kPatience.
constexpr double kForgettingSeconds = 10.0;
constexpr double kPatienceSeconds = 1.5;
// Where writes are dear, what went the wrong way is remembered for longer: what cancels itself needs no write.
constexpr double kFrugalForgettingSeconds = 30.0;
// … and what is given away counts more than what is bought: it is paid less.
constexpr double kExportWeight = 1.4;
constexpr double kImportWeight = 0.8;
// What waits for the other direction to come to rest goes astray, too; longer silences say nothing.
constexpr double kLongestGapSeconds = 3.0;
// A deviation that stands still will go on: by this share of itself at most from one value to the next, for so long. In the
// middle of a cloud's edge it does not, and the write is better kept for the edge's end.
constexpr double kStillShare = 0.2;
constexpr double kGoesOnSeconds = 6.0;
// A rest saves up no slew: the first write after it goes as far as in this time.
constexpr double kSlewWindowSeconds = 1.0;
// What fades is written when it is down to this share: some ten writes to 0 W.
constexpr double kFadingStep = 0.8;
// What one setpoint costs a memory, by what the only such devices (hal/drivers/meanwell) store: a change or a stop is one
// value, a start two (the current, unless it is the one that stands there, and that it is on), a start in the other
// direction four (its least, and the direction).
constexpr int kWritesToStart = 2;
constexpr int kWritesToTurn = 4;

double Weight(Watts deviation) { return deviation > Watts(0) ? kExportWeight : kImportWeight; }

}  // namespace

int SetpointWriter::WritesFor(Watts setpoint) const noexcept {
  const bool turns = setpoint.value() * ran_.value() < 0.0;
  if (!write_limited_) return turn_limited_ && turns ? 1 : 0;
  if (setpoint == Watts(0)) return 1;
  if (turns) return kWritesToTurn;
  return setpoint_ == Watts(0) && setpoint != ran_ ? kWritesToStart : 1;
}

bool SetpointWriter::RunsAgain(const Request& request) const noexcept {
  const Watts most = std::min(request.most, Magnitude(request.wanted) + request.room);
  return setpoint_ == Watts(0) && ran_.value() * request.wanted.value() > 0.0 && Magnitude(ran_) >= request.least &&
         Magnitude(ran_) <= most;
}

void SetpointWriter::Write(Watts setpoint, MonotonicTime now) noexcept {
  pending_ = Joules(0);
  if (setpoint == setpoint_) return;
  setpoint_ = setpoint;
  if (setpoint != Watts(0)) ran_ = setpoint;
  written_at_ = now;
}

void SetpointWriter::Override(Watts setpoint, MonotonicTime now) noexcept { Write(setpoint, now); }

void SetpointWriter::Sum(Watts deviation, bool frugal, MonotonicTime now) noexcept {
  const double gap = measured_at_ == MonotonicTime::min() ? 0.0 : ToSeconds(now - measured_at_);
  const double seconds = frugal ? std::min(gap, kLongestGapSeconds) : gap;
  measured_at_ = now;
  const double memory = frugal ? kFrugalForgettingSeconds : kForgettingSeconds;
  const double weight = frugal ? Weight(deviation) : 1.0;
  pending_ = pending_ * std::exp(-seconds / memory) + Joules(deviation.value() * seconds * weight);
}

Joules SetpointWriter::Astray(Watts wanted, Watts deviation) const noexcept {
  const bool still = Magnitude(wanted - wanted_before_) <= Magnitude(deviation) * kStillShare;
  if (!still || deviation.value() * pending_.value() <= 0.0) return pending_;
  return pending_ + Joules(deviation.value() * kGoesOnSeconds * Weight(deviation));
}

SetpointWriter::Result SetpointWriter::Decide(const Request& request, const PowerTube& tube,
                                              MonotonicTime now) noexcept {
  const Watts wanted = request.wanted;
  budget_.Update(request.memory_writes, now);
  write_limited_ = request.write_limited;
  turn_limited_ = request.turn_limited;
  // Whole watts: finer ones are noise, and each would be a write.
  Watts goal(std::round(std::clamp(tube.SetpointFor(wanted), -request.most, request.most).value()));
  // At its limit a device is told its limit: a read-back that is wrong by a few percent must not hold it below.
  if (Magnitude(wanted) >= request.most && wanted != Watts(0)) goal = wanted > Watts(0) ? request.most : -request.most;
  // A device told less than its minimum stops; the gain must not carry a setpoint over that edge.
  const Watts least = wanted > Watts(0) ? request.least : -request.least;
  if (wanted != Watts(0) && Magnitude(goal) < Magnitude(least)) goal = least;
  const bool reduces = Magnitude(goal) < Magnitude(setpoint_) || goal.value() * setpoint_.value() < 0.0;
  // Nothing is measured meanwhile that could be weighed against a write, so it goes down in steps.
  const bool fades = request.fades && reduces && Magnitude(goal) <= Magnitude(setpoint_) * kFadingStep;
  if (wanted == Watts(0) || (request.must_reduce && reduces) || fades) {
    Write(goal, now);
    return {setpoint_, Reason::kRegulating};
  }
  const bool first = written_at_ == MonotonicTime::min();
  const double since_written = first ? 1e9 : ToSeconds(now - written_at_);

  Reason held = Reason::kRegulating;
  const double slewing = std::min(since_written, std::max(kSlewWindowSeconds, ToSeconds(settings_.minimum_interval)));
  const Watts way(settings_.slew.value() * slewing);
  if (Magnitude(goal - setpoint_) > way) {
    goal = std::clamp(goal, setpoint_ - way, setpoint_ + way);
    held = Reason::kSlewRate;
    // A device that starts, starts with its minimum: below it there is nothing to go through.
    if (Magnitude(goal) < Magnitude(least)) goal = least;
  }

  const bool frugal = budget_.limited() && WritesFor(goal) > 0;
  const Watts deviation = wanted - tube.settling_at();
  if (request.measured) {
    Sum(deviation, frugal, now);
    wanted_before_ = wanted_;
    wanted_ = wanted;
  }
  const bool starts = setpoint_ == Watts(0);
  if (frugal) {
    // It costs one write less, and what is then wrong with it shows whether it is worth that one.
    if (held == Reason::kRegulating && RunsAgain(request)) goal = ran_;
    if (!budget_.Affords(Astray(wanted, deviation), WritesFor(goal))) return {setpoint_, Reason::kWriteBudget};
  } else {
    const bool worth = starts || Magnitude(deviation) >= settings_.deadband ||
                       Magnitude(pending_) >= Joules(settings_.deadband.value() * kPatienceSeconds);
    if (!worth) return {setpoint_, Reason::kDeadband};
  }
  if (since_written < ToSeconds(settings_.minimum_interval)) return {setpoint_, Reason::kMinimumInterval};
  Write(goal, now);
  return {setpoint_, held};
}

}  // namespace abcds
