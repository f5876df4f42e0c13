// What an oracle may know: the exact mean net load over each meter message's window.
#ifndef ABCDS_TESTS_PLANT_NET_LOAD_H_
#define ABCDS_TESTS_PLANT_NET_LOAD_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "hal/sim/house/meter_model.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::plant {

class NetLoad {
 public:
  NetLoad(const sim::MeterOptions& meter, Nanoseconds step) : meter_(meter), step_(step) {}
  // Once a step.
  void Add(double watts) { joules_.push_back(joules_.back() + watts * ToSeconds(step_)); }
  // Of a message that arrives now.
  [[nodiscard]] Watts MeanOverWindow() const {
    const auto width = std::max<int64_t>(1, meter_.averaging / step_);
    const auto end = std::max<int64_t>(0, static_cast<int64_t>(joules_.size()) - 1 - meter_.latency / step_);
    const auto begin = std::max<int64_t>(0, end - width);
    return Watts((joules_[static_cast<size_t>(end)] - joules_[static_cast<size_t>(begin)]) /
                 (ToSeconds(step_) * static_cast<double>(width)));
  }

 private:
  sim::MeterOptions meter_;
  Nanoseconds step_;
  std::vector<double> joules_ = {0.0};
};

}  // namespace abcds::plant

#endif  // ABCDS_TESTS_PLANT_NET_LOAD_H_
