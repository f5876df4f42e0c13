// Decides when a wanted power is worth a new setpoint.
#ifndef ABCDS_CONTROL_CORE_SETPOINT_WRITER_H_
#define ABCDS_CONTROL_CORE_SETPOINT_WRITER_H_

#include <cstdint>
#include <optional>

#include "control/core/power_tube.h"
#include "control/core/settings.h"
#include "control/core/types.h"
#include "control/core/write_budget.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// A deviation beyond the deadband is sent at once (not before the minimum interval has passed); a smaller one when it has
// lasted: its sum over time reaches deadband × 1.5 s. So noise costs no writes and an offset does not stay.
// Stopping, and coming down to a limit, wait for nothing. A device whose memory each setpoint wears out is told only what
// its write budget finds worth it.
class SetpointWriter {
 public:
  SetpointWriter() = default;
  explicit SetpointWriter(const ConverterSettings& settings) noexcept
      : settings_(settings), budget_(settings.writes_per_hour) {}

  struct Result {
    Watts setpoint;
    Reason reason = Reason::kRegulating;  // kRegulating: as wanted; else what holds it back
  };
  struct Request {
    Watts wanted;              // power as it should come out, + charges
    Watts least{};             // magnitudes: what the device can do in this direction
    Watts most{};
    Watts room{};              // as far beyond `wanted` no limit would be broken
    bool must_reduce = false;  // it is a limit rather than a wish
    bool fades = false;        // the meter is not heard any more: what the device delivers has to go down to 0 W
    bool measured = false;     // in this cycle a new measurement has arrived
    bool write_limited = false;  // each new setpoint wears the device out
    std::optional<uint64_t> memory_writes{};  // what it has been through, by its own count
    bool turn_limited = false;   // each change of direction does, also where setpoints do not
  };
  // Before the first decision: what an earlier run of the program had left.
  void RestoreSavings(const WriteSavings& savings) noexcept { budget_.Restore(savings); }
  Result Decide(const Request& request, const PowerTube& tube, MonotonicTime now) noexcept;
  // What the gate let through, if that is not what was decided.
  void Override(Watts setpoint, MonotonicTime now) noexcept;

  [[nodiscard]] Watts setpoint() const noexcept { return setpoint_; }
  [[nodiscard]] const WriteBudget& budget() const noexcept { return budget_; }

 private:
  void Write(Watts setpoint, MonotonicTime now) noexcept;
  // What it is likely to cost the device's memory; what it did cost, the device's count says.
  [[nodiscard]] int WritesFor(Watts setpoint) const noexcept;
  // Whether it may start with what it last ran with.
  [[nodiscard]] bool RunsAgain(const Request& request) const noexcept;
  // Adds what the deviation has moved the wrong way since the previous measurement.
  void Sum(Watts deviation, bool frugal, MonotonicTime now) noexcept;
  // That sum, and what is likely to follow.
  [[nodiscard]] Joules Astray(Watts wanted, Watts deviation) const noexcept;

  ConverterSettings settings_;
  WriteBudget budget_;
  bool write_limited_ = false;  // as last requested
  bool turn_limited_ = false;
  Watts setpoint_;
  Watts ran_;  // the last setpoint that was not 0 W
  MonotonicTime written_at_ = MonotonicTime::min();
  MonotonicTime measured_at_ = MonotonicTime::min();
  Joules pending_;  // deviation summed over time
  Watts wanted_;    // as of the newest measurement,
  Watts wanted_before_;  // and of the one before
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_SETPOINT_WRITER_H_
