// How long to wait before connecting again.
#ifndef ABCDS_HAL_TRANSPORT_RECONNECT_PAUSE_H_
#define ABCDS_HAL_TRANSPORT_RECONNECT_PAUSE_H_

#include <algorithm>
#include <cstdint>
#include <random>

#include "hal/units/time.h"

namespace abcds {

// 1, 2, 4, … 30 s, each up to a fifth shorter or longer, so that many clients do not come back at the same moment after
// a power cut. Pure but for its own random numbers.
class ReconnectPause {
 public:
  static constexpr Nanoseconds kFirst = std::chrono::seconds(1);
  static constexpr Nanoseconds kLongest = std::chrono::seconds(30);
  // A connection that lasted so long was a good one: the next pause is the first again.
  static constexpr Nanoseconds kGoodConnection = std::chrono::seconds(10);
  // A refused login: brokers may lock out who asks too often.
  static constexpr Nanoseconds kRefusedFirst = std::chrono::seconds(30);
  static constexpr Nanoseconds kRefusedLast = std::chrono::seconds(60);

  explicit ReconnectPause(uint64_t seed) : random_(seed) {}

  // The pause after a connection that lasted for `connected` (0: it never came about).
  [[nodiscard]] Nanoseconds AfterLoss(Nanoseconds connected) {
    if (connected >= kGoodConnection) next_ = kFirst;
    const Nanoseconds pause = Scale(next_, 0.8, 1.2);
    next_ = std::min(2 * next_, kLongest);
    return pause;
  }
  [[nodiscard]] Nanoseconds AfterRefusedLogin() {
    return kRefusedFirst + Scale(kRefusedLast - kRefusedFirst, 0.0, 1.0);
  }

 private:
  Nanoseconds Scale(Nanoseconds d, double low, double high) {
    const double share = static_cast<double>(random_() >> 11) * 0x1p-53;
    return FromSeconds(ToSeconds(d) * (low + (high - low) * share));
  }

  std::mt19937_64 random_;
  Nanoseconds next_ = kFirst;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_RECONNECT_PAUSE_H_
