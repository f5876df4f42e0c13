// Whether a whole, plausible reply may be believed.
//
// The protocol's only protection is a 16-bit sum, which two damaged bytes pass when one grew by what the other lost:
// about one in a thousand of badly damaged frames. What the sum cannot see is found by comparing replies: nine tenths
// of one never change while a board runs, and the rest changes little from one second to the next.
#ifndef ABCDS_HAL_DRIVERS_JK_BMS_SAMPLE_JUDGE_H_
#define ABCDS_HAL_DRIVERS_JK_BMS_SAMPLE_JUDGE_H_

#include <optional>

#include "hal/drivers/jk_bms/codec.h"
#include "hal/units/time.h"

namespace abcds::jk_bms {

class SampleJudge {
 public:
  // A line that has shown damage is doubted for so long.
  static constexpr Nanoseconds kDoubt = std::chrono::seconds(60);
  // A reply confirms another one only if they are no further apart.
  static constexpr Nanoseconds kMemory = std::chrono::seconds(5);

  // A line that spoils more than this share of its replies is believed nothing: two errors that hide each other among
  // the measured values are then a matter of hours (bad_line_test shows it).
  static constexpr double kMostDamage = 0.5;

  // The line has damaged something.
  void OnDamage(MonotonicTime now) noexcept { doubted_until_ = now + kDoubt; }
  // How a request ended that was answered at all: with a whole reply, or with none.
  void OnOutcome(bool whole) noexcept { damage_ += ((whole ? 0.0 : 1.0) - damage_) / 16; }

  // True: `status` counts. At once where nothing speaks against it: the fixed part is the known one, the line is in
  // good order, and nothing has changed that cannot change so fast (damage_test says what that keeps out). Otherwise only
  // if it agrees with the reply before it: the caller should ask again soon.
  [[nodiscard]] bool Believe(const Status& status, MonotonicTime now) noexcept;

 private:
  [[nodiscard]] static bool Agree(const Status& a, const Status& b) noexcept;

  double damage_ = 0;  // share of the last replies
  MonotonicTime doubted_until_ = MonotonicTime::min();
  std::optional<Status> believed_;
  std::optional<Status> previous_;
  MonotonicTime previous_at_ = MonotonicTime::min();
};

}  // namespace abcds::jk_bms

#endif  // ABCDS_HAL_DRIVERS_JK_BMS_SAMPLE_JUDGE_H_
