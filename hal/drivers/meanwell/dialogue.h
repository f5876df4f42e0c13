// Question and answer with one unit: spacing, one question at a time, and which frame is the answer. No I/O, no clock.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_DIALOGUE_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_DIALOGUE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "hal/drivers/meanwell/command.h"
#include "hal/drivers/meanwell/frame.h"
#include "hal/drivers/meanwell/timing.h"
#include "hal/transport/can_client.h"
#include "hal/units/time.h"

namespace abcds::meanwell {

// Frames carry no sequence number: an answer is known by identifier, command and length, and only one question is under
// way.
class Dialogue {
 public:
  // `reply`: an answer is late after that.
  Dialogue(Family family, uint8_t unit, Nanoseconds reply = Timing::kReply) noexcept;

  [[nodiscard]] std::span<const CanFilter> filters() const noexcept { return filters_; }

  // When the next frame may go out: the past if nothing speaks against it, max() while an answer is awaited.
  [[nodiscard]] MonotonicTime FreeFrom() const noexcept { return awaited_ ? MonotonicTime::max() : free_from_; }
  // When the awaited answer is late; max() without one.
  [[nodiscard]] MonotonicTime Deadline() const noexcept { return awaited_ ? deadline_ : MonotonicTime::max(); }
  // The question whose answer is late; it is over then.
  [[nodiscard]] std::optional<Command> TakeLate(MonotonicTime now) noexcept;

  [[nodiscard]] CanFrame Read(Command command) const noexcept { return EncodeRead(family_, unit_, command); }
  [[nodiscard]] CanFrame Write(Command command, uint16_t raw) const noexcept {
    return EncodeWrite(family_, unit_, command, raw);
  }
  void OnSent(const CanFrame& frame, MonotonicTime now) noexcept;
  // The answer to the question under way; anything else is counted and forgotten.
  [[nodiscard]] std::optional<Message> OnFrame(const CanFrame& frame, MonotonicTime now) noexcept;
  // From the next question on.
  void SetReply(Nanoseconds reply) noexcept { reply_ = reply; }
  // What is under way will not be answered: the link was lost.
  void Forget() noexcept { awaited_.reset(); }

  // Only ever grow.
  [[nodiscard]] uint64_t requests() const noexcept { return requests_; }
  [[nodiscard]] uint64_t unanswered() const noexcept { return unanswered_; }
  [[nodiscard]] uint64_t unmatched() const noexcept { return unmatched_; }  // late, doubled or damaged answers

 private:
  const Family family_;
  const uint8_t unit_;
  Nanoseconds reply_;
  const std::array<CanFilter, 1> filters_;
  std::optional<Command> awaited_;
  MonotonicTime deadline_ = MonotonicTime::min();
  MonotonicTime free_from_ = MonotonicTime::min();
  uint64_t requests_ = 0;
  uint64_t unanswered_ = 0;
  uint64_t unmatched_ = 0;
};

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_DIALOGUE_H_
