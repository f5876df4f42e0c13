// Short errands to a Mean Well device that no daemon drives: one value read, one written and read back.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_ERRAND_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_ERRAND_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/drivers/meanwell/dialogue.h"
#include "hal/drivers/meanwell/frame.h"
#include "hal/drivers/meanwell/safe_state.h"
#include "hal/transport/can_adapter.h"
#include "hal/units/time.h"

namespace abcds::meanwell {

// The line is ours while this lives. One ordinary thread; every call blocks: for some milliseconds, where nobody answers
// for 1.3 s (4 s over a network), and 2 s more where the line takes nothing. Errors, one sentence each: Unavailable: no
// answer; NotFound: others are answered, but not this command; FailedPrecondition: the line is somebody else's.
class Errand {
 public:
  // Waits up to 5 s for the line to come up.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Errand>> Open(const Line& line, Family family, uint8_t unit);

  [[nodiscard]] absl::StatusOr<Message> Read(Command command);
  // For commands of one or two bytes. Returns what the device has afterwards, which may be something else.
  [[nodiscard]] absl::StatusOr<uint16_t> Write(Command command, uint16_t raw);

  // All writes so far, in order, whether they took effect or not.
  [[nodiscard]] const std::vector<Command>& written() const noexcept { return written_; }

 private:
  Errand(Family family, uint8_t unit, std::string line, Nanoseconds reply)
      : unit_(unit), line_(std::move(line)), reply_(reply), dialogue_(family, unit, reply) {}
  [[nodiscard]] absl::Status Send(const CanFrame& frame);
  // One try; none: no answer.
  [[nodiscard]] absl::StatusOr<std::optional<Message>> Ask(Command command);
  void WaitUntil(MonotonicTime until);

  const uint8_t unit_;
  const std::string line_;
  const Nanoseconds reply_;
  Dialogue dialogue_;
  std::unique_ptr<CanAdapter> adapter_;
  bool heard_ = false;
  std::vector<Command> written_;
};

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_ERRAND_H_
