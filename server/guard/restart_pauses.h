// How long to wait before a worker that has died is started again.
#ifndef ABCDS_SERVER_GUARD_RESTART_PAUSES_H_
#define ABCDS_SERVER_GUARD_RESTART_PAUSES_H_

#include "hal/units/time.h"

namespace abcds {

// Pure. From 0.2 s, doubling to 30 s: a first accident costs next to nothing, a worker that dies at every start does
// not keep the machine busy. Five minutes of life count as cured.
class RestartPauses {
 public:
  static constexpr Nanoseconds kFirst = std::chrono::milliseconds(200);
  static constexpr Nanoseconds kLongest = std::chrono::seconds(30);
  static constexpr Nanoseconds kCured = std::chrono::minutes(5);

  // The pause after a worker that lived for `life`.
  [[nodiscard]] Nanoseconds After(Nanoseconds life) noexcept {
    if (life >= kCured) next_ = kFirst;
    const Nanoseconds pause = next_;
    next_ = next_ * 2 < kLongest ? next_ * 2 : kLongest;
    return pause;
  }

 private:
  Nanoseconds next_ = kFirst;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_GUARD_RESTART_PAUSES_H_
