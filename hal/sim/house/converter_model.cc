#include "hal/sim/house/converter_model.h"

#include <algorithm>
#include <cmath>

namespace abcds::sim {

ConverterModel::ConverterModel(const ConverterOptions& options) : options_(options) { Restart(); }

void ConverterModel::Restart() {
  pending_.clear();
  setpoint_ = options_.power_on;
  goal_ = Goal(setpoint_);
}

Watts ConverterModel::Goal(Watts setpoint) const {
  Watts goal = std::clamp(setpoint, options_.lowest, options_.highest);
  if (Magnitude(goal) < options_.minimum) return Watts(0);
  if (options_.quantum > Watts(0)) goal = options_.quantum * std::round(goal / options_.quantum);
  return std::clamp(goal * options_.gain, -limit_, limit_);
}

void ConverterModel::Set(Watts setpoint) {
  if (setpoint == setpoint_ && !pending_.empty()) return;
  const bool starts = Magnitude(power_) < Watts(1) && Magnitude(goal_) < Watts(1);
  setpoint_ = setpoint;
  Nanoseconds due = now_ + options_.dead_time;
  if (starts && Goal(setpoint) != Watts(0)) due += options_.start_delay;
  // A device works on its newest setpoint; an older one that is still within its dead time comes first.
  if (!pending_.empty()) due = std::max(due, pending_.back().due);
  pending_.push_back({due, Goal(setpoint)});
}

void ConverterModel::Step(Nanoseconds dt) {
  now_ += dt;
  while (!pending_.empty() && pending_.front().due <= now_) {
    goal_ = pending_.front().goal;
    pending_.pop_front();
  }
  const Watts goal = std::clamp(goal_, -limit_, limit_);
  const bool grows = Magnitude(goal) > Magnitude(ramped_);
  const Watts step((grows ? options_.ramp_up : options_.ramp_down).value() * ToSeconds(dt));
  ramped_ = std::clamp(goal, ramped_ - step, ramped_ + step);
  if (options_.lag > Nanoseconds(0)) {
    power_ += (ramped_ - power_) * (1.0 - std::exp(-ToSeconds(dt) / ToSeconds(options_.lag)));
  } else {
    power_ = ramped_;
  }
  if (now_ >= readback_due_) {
    readback_ = power_ * options_.readback_gain;
    readback_due_ = now_ + options_.readback_refresh;
  }
}

Watts ConverterModel::battery_power() const {
  return power_ > Watts(0) ? power_ * options_.efficiency : power_ / options_.efficiency;
}

}  // namespace abcds::sim
