// A CAN line used synchronously by one thread, without a bus's thread behind it.
#ifndef ABCDS_HAL_TRANSPORT_CAN_PORT_H_
#define ABCDS_HAL_TRANSPORT_CAN_PORT_H_

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/transport/can_adapter.h"
#include "hal/transport/can_client.h"
#include "hal/transport/can_open.h"
#include "hal/units/time.h"

namespace abcds {

// For short errands in a process of their own, such as a safe state after the controller's death. Whoever talks for
// longer, or for several devices, takes CanBus.
class CanPort {
 public:
  // Errors as OpenCanAdapter. An SLCAN adapter is set up by the first Send() or Receive(), which takes about 0.2 s.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<CanPort>> Open(const CanOptions& options,
                                                                     std::span<const CanFilter> filters);
  CanPort(const CanPort&) = delete;
  CanPort& operator=(const CanPort&) = delete;

  // Hands the frame over as soon as the line takes it. DeadlineExceeded with the line's trouble: it did not by then;
  // Unavailable: the line is gone, and the port of no more use.
  [[nodiscard]] absl::Status Send(const CanFrame& frame, MonotonicTime deadline);
  // The next frame that passes a filter; nullopt when none came by `deadline`. Unavailable as above.
  [[nodiscard]] absl::StatusOr<std::optional<CanFrame>> Receive(MonotonicTime deadline);

 private:
  explicit CanPort(std::unique_ptr<CanAdapter> adapter) : adapter_(std::move(adapter)) {}

  // Takes in what has arrived.
  [[nodiscard]] absl::Status Drain(MonotonicTime now);
  void Wait(MonotonicTime deadline);

  const std::unique_ptr<CanAdapter> adapter_;
  std::deque<CanFrame> received_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_CAN_PORT_H_
