// What is read when, and which of it a device does not have. Pure.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_POLLS_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_POLLS_H_

#include <array>
#include <optional>

#include "hal/drivers/meanwell/command.h"
#include "hal/units/time.h"

namespace abcds::meanwell {

// Commands that a device may lack are met with silence: after some tries they are not asked for any more, as soon as
// another answer has shown that the device itself is there.
class Polls {
 public:
  explicit Polls(Family family) noexcept;

  // All that is known of the device is void; what it does not have stays known.
  void StartOver(MonotonicTime now) noexcept;
  // Not for this device: SCALING_FACTOR says so.
  void Skip(Command command) noexcept;

  struct Next {
    Command command = Command::kOperation;
    MonotonicTime due_at = MonotonicTime::max();
  };
  // Of identifying it: each once, in their order; none: all is known.
  [[nodiscard]] std::optional<Command> NextOfIdentity() const noexcept;
  // Wanted at once; none: nothing is.
  [[nodiscard]] std::optional<Command> NextHasty() const noexcept;
  // Of watching it. `running`: its output is on.
  [[nodiscard]] Next NextOfWatch(bool running) const noexcept;

  void OnAnswer(Command command, MonotonicTime now) noexcept;
  // Not answered, after all tries. False: the device must have it, so that it is gone.
  [[nodiscard]] bool OnSilence(Command command) noexcept;
  // The device is gone: silence says nothing about what it has.
  void OnContactLost() noexcept;
  // At once.
  void Hasten(Command command) noexcept;

 private:
  struct Poll {
    Command command = Command::kOperation;
    bool identity = false;  // read once at the start; otherwise watched as well
    bool required = true;
    Nanoseconds running{0};
    Nanoseconds resting{0};
    enum class Support : uint8_t { kUnknown, kAnswered, kDoubtful, kNone } support = Support::kUnknown;
    bool known = false;  // since StartOver
    bool hasty = false;
    MonotonicTime read_at = MonotonicTime::min();
  };
  [[nodiscard]] Poll* Find(Command command) noexcept;

  static constexpr size_t kMost = 24;
  std::array<Poll, kMost> polls_{};
  size_t count_ = 0;
};

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_POLLS_H_
