#include "control/core/meter_supervisor.h"

#include <algorithm>
#include <cmath>

namespace abcds {
namespace {

using std::chrono_literals::operator""s;

// A value counts as frozen when it was repeated this often while our own power moved by this much.
constexpr int kFrozenRepeats = 4;
constexpr Watts kOwnMove{100};

// Own steps of at least kOwnMove are held against the meter. The fit says how far a step may be from what a hypothesis
// predicts, as a share of the step; three in a row that fit the same wrong hypothesis, and not the right one, settle it.
constexpr double kFit = 0.3;
constexpr int kStepsToSettle = 3;
// Our own power stands still from one value to the next below this.
constexpr Watts kStill{20};
// Units confused: kW or MW read as W, or mW.
constexpr double kUnit = 1000.0;
// A meter in kW shows hardly anything: its values are below this share of our step. Without this, a step that the house
// just cancels, as in every ramp that we follow, looks like one that does not show, and noise does the rest.
constexpr double kHardlyAnything = 0.05;

// Values that have become stiller than usual by this factor, where there was anything to see at all. A large change
// counts as one of kMostStir: the steps of a house must not hide its noise.
constexpr double kStiller = 30.0;
constexpr Watts kLeastStir{1};
constexpr Watts kMostStir{20};
constexpr double kLatelySeconds = 30.0;
constexpr double kUsuallySeconds = 1200.0;

}  // namespace

MeterSupervisor::MeterSupervisor(const MeterSettings& settings) noexcept : settings_(settings) {
  const Nanoseconds three = 3 * settings.interval;
  fade_from_ = std::max<Nanoseconds>(three, 3s);
  const Nanoseconds zero_by = std::max<Nanoseconds>(10s, three + FromSeconds(ToSeconds(settings.latency) *
                                                                             (1.0 + settings.timing_uncertainty)));
  // The promise is for the power, so the setpoint is 0 W a second earlier.
  fade_to_ = zero_by - std::min<Nanoseconds>(1s, (zero_by - fade_from_) / 2);
}

void MeterSupervisor::Reset() noexcept {
  last_at_ = MonotonicTime::min();
  frozen_ = false;
  repeats_ = 0;
  anchored_ = false;
}

void MeterSupervisor::ClearDisagreement() noexcept {
  disagrees_ = false;
  suspicious_steps_ = 0;
  anchored_ = false;
}

double MeterSupervisor::Authority(MonotonicTime now) const noexcept {
  if (waiting()) return 0.0;
  const Nanoseconds age = now - last_at_;
  if (age <= fade_from_) return 1.0;
  if (age >= fade_to_) return 0.0;
  return ToSeconds(fade_to_ - age) / ToSeconds(fade_to_ - fade_from_);
}

MonotonicTime MeterSupervisor::NextExpected(MonotonicTime now) const noexcept {
  if (waiting() || now - last_at_ > 3 * settings_.interval) return MonotonicTime::min();
  return last_at_ + settings_.interval;
}

void MeterSupervisor::Measured(Watts grid, PowerInterval own, MonotonicTime arrived_at, bool probing) noexcept {
  if (waiting() || Silent(arrived_at)) {
    // What was seen before the gap says nothing about now.
    anchored_ = false;
    frozen_ = false;
    repeats_ = 0;
    last_value_ = grid;
    certain_ = own;
    last_answer_ = arrived_at;
    stir_seconds_ = 0.0;
  } else {
    WatchStir(Magnitude(grid - last_value_), ToSeconds(arrived_at - last_at_));
    WatchFreezing(grid, own);
    WatchSteps(grid, own, arrived_at, probing);
  }
  last_at_ = arrived_at;
}

bool MeterSupervisor::stiller() const noexcept {
  return stir_usually_ >= kLeastStir && stir_lately_ * kStiller < stir_usually_;
}

void MeterSupervisor::WatchStir(Watts change, double seconds) noexcept {
  if (seconds <= 0.0) return;
  change = std::min(change, kMostStir);
  // The mean at first; then older values are forgotten.
  stir_seconds_ = std::min(stir_seconds_ + seconds, kUsuallySeconds);
  stir_lately_ += (change - stir_lately_) * (seconds / std::min(stir_seconds_, std::max(seconds, kLatelySeconds)));
  stir_usually_ += (change - stir_usually_) * (seconds / stir_seconds_);
}

void MeterSupervisor::WatchFreezing(Watts grid, PowerInterval own) noexcept {
  if (grid != last_value_) {
    last_value_ = grid;
    repeats_ = 0;
    certain_ = own;
    frozen_ = false;
    return;
  }
  ++repeats_;
  // What our power has certainly covered, whatever the timing: from the lowest upper to the highest lower bound.
  certain_ = {std::max(certain_.low, own.low), std::min(certain_.high, own.high)};
  if (repeats_ >= kFrozenRepeats && certain_.low - certain_.high >= kOwnMove) frozen_ = true;
}

MeterSupervisor::Verdict MeterSupervisor::Judge(Watts own_step, Watts grid_step, Watts largest,
                                                bool probing) const noexcept {
  // grid = load + own, so a step of ours shows as it is, unless the load moves at the same time.
  auto fits = [&](double factor) {
    return Magnitude(grid_step / factor - own_step) <= kFit * Magnitude(own_step);
  };
  if (fits(1.0)) return Verdict::kAgrees;
  if (fits(-1.0)) return Verdict::kFlipped;
  if (largest <= kHardlyAnything * Magnitude(own_step)) {
    // Rounded to whole kilowatts a step of ours is nothing at all.
    if (fits(1.0 / kUnit) || probing) return Verdict::kTooSmall;
    if (fits(-1.0 / kUnit)) return Verdict::kTooSmallFlipped;
  }
  if (fits(kUnit) || fits(-kUnit)) return Verdict::kTooLarge;
  return Verdict::kUnclear;
}

void MeterSupervisor::WatchSteps(Watts grid, PowerInterval own, MonotonicTime arrived_at, bool probing) noexcept {
  const Watts middle = own.Middle();
  const bool still = Magnitude(middle - last_own_) < kStill;
  last_own_ = middle;
  if (!anchored_) {
    anchored_ = true;
    anchor_grid_ = grid;
    anchor_own_ = own;
    return;
  }
  const Watts own_step = middle - anchor_own_.Middle();
  const bool sure = own.Width() + anchor_own_.Width() <= kFit * Magnitude(own_step);
  if (Magnitude(own_step) >= kOwnMove && sure) {
    const Verdict verdict = Judge(own_step, grid - anchor_grid_, std::max(Magnitude(grid), Magnitude(anchor_grid_)),
                                  probing);
    if (verdict == Verdict::kAgrees) last_answer_ = arrived_at;
    if (verdict == Verdict::kAgrees || verdict == Verdict::kUnclear) {
      suspicious_steps_ = 0;  // the house moved along, or all is well
    } else {
      suspicious_steps_ = verdict == suspicion_ ? suspicious_steps_ + 1 : 1;
      suspicion_ = verdict;
      if (suspicious_steps_ >= kStepsToSettle) disagrees_ = true;
    }
  } else if (!still) {
    return;  // under way: wait until the step is complete enough to judge
  }
  anchor_grid_ = grid;
  anchor_own_ = own;
}

}  // namespace abcds
