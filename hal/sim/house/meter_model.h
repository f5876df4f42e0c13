// The meter at the grid connection: says once an interval what was, a while ago, on average.
#ifndef ABCDS_HAL_SIM_HOUSE_METER_MODEL_H_
#define ABCDS_HAL_SIM_HOUSE_METER_MODEL_H_

#include <cstdint>
#include <deque>
#include <optional>

#include "hal/sim/house/random.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::sim {

struct MeterOptions {
  Nanoseconds interval = std::chrono::seconds(1);
  Nanoseconds averaging = std::chrono::seconds(1);         // 0: momentary
  Nanoseconds latency = std::chrono::milliseconds(500);    // end of the window to arrival
  Nanoseconds jitter{0};                                   // each message up to this much earlier or later
  Watts noise{0};                                          // standard deviation
  Watts quantum{1};                                        // of the printed number; 0: none
  double loss = 0.0;                                       // share of messages that never arrive
  Nanoseconds phase{0};                                    // of the first message
  uint64_t seed = 1;
};

class MeterModel {
 public:
  explicit MeterModel(const MeterOptions& options);

  // `grid` is the power during this step. Returns a message that arrives now, if one does.
  std::optional<Watts> Step(Watts grid, Nanoseconds dt);

 private:
  [[nodiscard]] double EnergyAt(Nanoseconds when) const;  // integral of the power, by interpolation

  struct Point {
    Nanoseconds time;
    double joules;
    double watts;
  };
  MeterOptions options_;
  Random random_;
  Nanoseconds now_{0};
  std::deque<Point> past_;
  Nanoseconds due_;        // of the next message, on the grid
  Nanoseconds due_jittered_;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_HOUSE_METER_MODEL_H_
