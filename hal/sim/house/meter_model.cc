#include "hal/sim/house/meter_model.h"

#include <algorithm>
#include <cmath>

namespace abcds::sim {

MeterModel::MeterModel(const MeterOptions& options)
    : options_(options), random_(options.seed), due_(options.phase), due_jittered_(options.phase) {
  past_.push_back({Nanoseconds(0), 0.0, 0.0});
}

double MeterModel::EnergyAt(Nanoseconds when) const {
  if (when <= past_.front().time) return past_.front().joules;
  const auto after = std::lower_bound(past_.begin(), past_.end(), when,
                                      [](const Point& point, Nanoseconds t) { return point.time < t; });
  if (after == past_.end()) return past_.back().joules;
  const auto before = after - 1;
  const double share = ToSeconds(when - before->time) / ToSeconds(after->time - before->time);
  return before->joules + share * (after->joules - before->joules);
}

std::optional<Watts> MeterModel::Step(Watts grid, Nanoseconds dt) {
  now_ += dt;
  past_.push_back({now_, past_.back().joules + grid.value() * ToSeconds(dt), grid.value()});
  const Nanoseconds kept = options_.latency + options_.averaging + options_.jitter + std::chrono::seconds(2);
  while (past_.size() > 2 && past_[1].time < now_ - kept) past_.pop_front();
  if (now_ < due_jittered_) return std::nullopt;

  const Nanoseconds end = now_ - options_.latency;
  // A momentary value is the mean of the last simulation step.
  const Nanoseconds width = std::max(options_.averaging, dt);
  double watts = (EnergyAt(end) - EnergyAt(end - width)) / ToSeconds(width);
  watts += options_.noise.value() * random_.Normal();
  if (options_.quantum > Watts(0)) watts = options_.quantum.value() * std::round(watts / options_.quantum.value());
  due_ += options_.interval;
  due_jittered_ = due_ + FromSeconds(ToSeconds(options_.jitter) * random_.Uniform(-1, 1));
  if (random_.Uniform() < options_.loss) return std::nullopt;
  return Watts(watts);
}

}  // namespace abcds::sim
