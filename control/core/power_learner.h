// What a charger draws that cannot say it: from how the battery's power changes when it is switched.
#ifndef ABCDS_CONTROL_CORE_POWER_LEARNER_H_
#define ABCDS_CONTROL_CORE_POWER_LEARNER_H_

#include <array>

#include "control/core/interval.h"
#include "control/core/types.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// Each switching is an observation: the median of the battery's power after it, less the median before it, less what the
// other converters have changed meanwhile. It counts only where the others stood still on both sides. Three observations
// in a row that agree are the power; a charger that is replaced later is learned anew the same way.
class PowerLearner {
 public:
  struct View {
    bool may_learn = false;     // nothing is silent that could move the battery's power, and it is not nearly full
    bool known = false;         // what `on` says is known now
    bool on = false;            // as the device has confirmed it
    PowerInterval others;       // what the other converters put into the battery, DC side, + charges
    Watts others_assumed;       // how much of that only rests on an assumption of what they draw
    double efficiency = 0.92;   // of this charger
    Watts most;                 // at its AC side; more is not believed
  };
  // Each cycle.
  void Step(const BatteryInput& battery, const View& view, MonotonicTime now) noexcept;

  // Of an earlier run of the program.
  void Restore(Watts learned) noexcept { learned_ = learned; }
  // AC side; 0: not yet.
  [[nodiscard]] Watts learned() const noexcept { return learned_; }

 private:
  // The newest samples of the battery's power while nothing was switched and the others stood still.
  class Window {
   public:
    void Clear() noexcept { count_ = 0; }
    void Add(Watts power, Watts others, MonotonicTime taken_at) noexcept;
    // Enough samples for a median, over enough time.
    [[nodiscard]] bool Complete() const noexcept;
    [[nodiscard]] Watts MedianPower() const noexcept;

   private:
    static constexpr int kMost = 9;
    std::array<Watts, kMost> power_{};
    std::array<Watts, kMost> others_{};
    std::array<MonotonicTime, kMost> taken_at_{};
    int count_ = 0;
    int newest_ = 0;
  };
  static constexpr int kObservations = 3;

  // What flowed while all stood still, and of whom.
  struct Level {
    bool known = false;
    Watts power;
    Watts others;
    Watts others_assumed;
    MonotonicTime at;
  };

  void Switched(const View& view, MonotonicTime now) noexcept;
  void Observe(const View& view) noexcept;
  void Settle(Watts observed) noexcept;

  bool known_ = false;
  bool on_ = false;
  MonotonicTime switched_at_ = MonotonicTime::min();
  MonotonicTime heard_at_ = MonotonicTime::min();  // the newest sample of the battery's current
  bool first_ = true;    // the next sample may have been measured before everything had settled
  Window window_;        // since the last switching
  Level level_;          // of the newest complete window since
  Level before_;         // the last one before; unknown once it has been compared
  std::array<Watts, kObservations> observed_{};
  int observations_ = 0;
  Watts learned_;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_POWER_LEARNER_H_
