// Who carries a power of one direction: fewest converters, in their order, each within what it can do.
#ifndef ABCDS_CONTROL_CORE_ALLOCATOR_H_
#define ABCDS_CONTROL_CORE_ALLOCATOR_H_

#include <array>
#include <cstdint>

#include "control/core/interval.h"
#include "control/core/settings.h"
#include "control/core/types.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

enum class Direction : uint8_t { kNone, kCharge, kDischarge };

// One converter as those see it that share power out.
struct ConverterView {
  bool usable = false;
  Reason unusable_because = Reason::kConverterNotReady;
  Watts min_charge{};     // magnitudes, device and configuration considered
  Watts min_discharge{};
  Watts max_charge{};
  Watts max_discharge{};
  Watts setpoint{};       // standing
  PowerInterval power{};  // where its power can be now

  [[nodiscard]] Watts Least(Direction d) const { return d == Direction::kDischarge ? min_discharge : min_charge; }
  [[nodiscard]] Watts Most(Direction d) const {
    if (!usable || d == Direction::kNone) return Watts(0);
    return d == Direction::kCharge ? max_charge : max_discharge;
  }
};
using ConverterViews = std::array<ConverterView, kMaxConverters>;

struct Assignment {
  Watts power;                              // + charges
  Reason reason = Reason::kNothingToDo;     // what binds; kRegulating: nothing does
  Watts limit;                              // of kConverterLimit, kBelowMinimum
};
using Assignments = std::array<Assignment, kMaxConverters>;

// One more converter starts when those before it are not enough for its minimum, too, and stops when they would do with
// something to spare. A running one is held at its minimum until much less is wanted: the little that is then moved too
// much costs less than stopping and starting again; but never above `ceiling`. A charger that is on or off
// (minimum == maximum) is one step, with its own thresholds and times; the others regulate around it.
class Allocator {
 public:
  explicit Allocator(const CoreSettings& settings) noexcept : settings_(settings) {}

  // `wanted` and `ceiling` (what is allowed at all) are magnitudes. Each cycle. Places beyond the configured converters
  // are left untouched.
  void Share(Direction direction, Watts wanted, Watts ceiling, const ConverterViews& converters, MonotonicTime now,
             Assignments& assignments) noexcept;

 private:
  struct Place {
    bool on = false;
    bool held = false;  // on although its share is less than its minimum
  };
  using Places = std::array<Place, kMaxConverters>;

  void RememberSwitching(const ConverterViews& converters, MonotonicTime now) noexcept;
  // Whether converter `i` runs, where `share` is left for it and `before` is what those before it can carry.
  [[nodiscard]] Place Judge(int i, Direction direction, Watts share, Watts before, const ConverterView& view,
                            MonotonicTime now) const noexcept;
  [[nodiscard]] bool MustStayOn(int i, const ConverterView& view, MonotonicTime now) const noexcept;
  [[nodiscard]] bool MustStayOff(int i, MonotonicTime now) const noexcept;

  const CoreSettings settings_;
  std::array<bool, kMaxConverters> was_on_{};
  std::array<MonotonicTime, kMaxConverters> switched_at_{};  // meaningful where `switched_`
  std::array<bool, kMaxConverters> switched_{};
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_ALLOCATOR_H_
