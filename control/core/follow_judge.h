// Whether a converter that answers also does what it is told, and what follows where it does not.
#ifndef ABCDS_CONTROL_CORE_FOLLOW_JUDGE_H_
#define ABCDS_CONTROL_CORE_FOLLOW_JUDGE_H_

#include "control/core/interval.h"
#include "control/core/settings.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds {

// A reading must lie within reach of what the device was told during the time that it may need to get there. One that
// delivers a good part of it is limited: it keeps what it does, and the others get the rest. One that delivers next to
// nothing, too much or the other way is suspended: it gets 0 W until its reading confirms 0 W, and another chance after
// a pause, each longer than the one before.
class FollowJudge {
 public:
  FollowJudge() = default;
  explicit FollowJudge(const ConverterSettings& settings) noexcept;

  struct View {
    Watts told;                     // where the standing setpoint settles, + charges
    Sample<Watts> reading;
    bool may_deliver_less = false;  // for a reason that is not the device's: a battery that is nearly full takes little
  };
  void Step(const View& view, MonotonicTime now) noexcept;
  // It does not answer any more: nothing is known.
  void Reset() noexcept;

  [[nodiscard]] bool suspended() const noexcept { return suspended_; }
  // Does not do what it was told, or has been given less for it.
  [[nodiscard]] bool off() const noexcept { return suspended_ || limited_ || off_since_ != MonotonicTime::max(); }
  // Magnitude that may be asked of it.
  [[nodiscard]] Watts most() const noexcept { return limited_ ? most_ : Watts(1e9); }

 private:
  void Accuse(const View& view, MonotonicTime now) noexcept;

  bool judged_ = false;            // reports its power
  Nanoseconds settling_{0};        // the longest way, with the slowest device that fits
  PowerInterval before_{};         // what it was told in the window before this one …
  PowerInterval during_{};         // … and in this one
  MonotonicTime window_ends_ = MonotonicTime::min();
  MonotonicTime off_since_ = MonotonicTime::max();
  MonotonicTime good_since_ = MonotonicTime::max();
  bool limited_ = false;
  Watts most_;
  bool suspended_ = false;
  MonotonicTime until_ = MonotonicTime::min();  // of the limit or the pause
  Nanoseconds pause_{0};
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_FOLLOW_JUDGE_H_
