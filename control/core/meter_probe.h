// Asks the meter a question when nothing else does.
#ifndef ABCDS_CONTROL_CORE_METER_PROBE_H_
#define ABCDS_CONTROL_CORE_METER_PROBE_H_

#include <cstdint>

#include "control/core/settings.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// A clamp that was turned round, or a gateway that now speaks kilowatts, drives the plant to a limit or lets it stand
// still; either way there are no steps of ours left that could give it away. So when our power has stood still for a
// while and the meter has not confirmed a step for a long time (or has contradicted the last one), the power is lowered
// for some seconds and raised again: two steps that must show.
class MeterProbe {
 public:
  // The least step. It is taken from at least twice as much power, to stay well away from 0 W.
  static constexpr Watts kStep{130};

  explicit MeterProbe(const MeterSettings& settings) noexcept;

  struct View {
    Watts setpoint;               // standing, the sum over all converters
    MonotonicTime settled_by;     // by then all of it has come through
    MonotonicTime last_answer;    // when the meter last confirmed a step of ours; or since when it is trusted
    bool suspicious = false;      // it has contradicted the newest step
    bool stiller = false;         // its values have become far stiller than they were: so they are in kilowatts
    bool at_limit = false;        // much more is wanted than the plant can do: a runaway looks like that, too
    bool allowed = false;         // regulating, nothing in the way
  };
  // Each cycle. True while a probe is under way: the plant's power is then power(), whatever the load does.
  bool Step(const View& view, MonotonicTime now) noexcept;
  [[nodiscard]] Watts power() const noexcept;
  [[nodiscard]] bool active() const noexcept { return phase_ != Phase::kResting; }

 private:
  enum class Phase : uint8_t { kResting, kLowered, kRestored };
  void Enter(Phase phase, MonotonicTime now) noexcept;

  Nanoseconds meter_delay_;  // until a settled step has filled a whole window of the meter, and its message is here
  Phase phase_ = Phase::kResting;
  MonotonicTime since_{};
  Watts held_;               // what stood before the probe
  Watts still_;              // the setpoint that is being watched for standing still …
  MonotonicTime still_since_ = MonotonicTime::max();  // … and since when it does
  MonotonicTime asked_at_ = MonotonicTime::min();     // the newest probe ended
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_METER_PROBE_H_
