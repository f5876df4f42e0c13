// One open way onto a CAN bus: an interface of the kernel, or an SLCAN adapter on a serial line.
#ifndef ABCDS_HAL_TRANSPORT_CAN_ADAPTER_H_
#define ABCDS_HAL_TRANSPORT_CAN_ADAPTER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/transport/can_client.h"
#include "hal/units/time.h"

namespace abcds {

// Only ever grow while the adapter is open.
struct CanCounters {
  uint64_t sent = 0;             // taken by the kernel or the adapter
  uint64_t received = 0;         // passed a filter
  uint64_t unconfirmed = 0;      // sent, but nothing said in time that it got onto the wire
  uint64_t refused = 0;          // a full queue, an adapter without a free buffer: tried again
  uint64_t foreign_senders = 0;  // another program or controller sent what only we should send
  uint64_t error_frames = 0;     // the controller told of errors on the wire
  uint64_t bus_offs = 0;         // the controller left the bus because of them
  uint64_t garbled = 0;          // bytes from the adapter that are no line of its protocol
};

// Used by one ordinary thread. Nothing here waits for the wire. At most one frame is under way: the next one is taken
// when the kernel or the adapter has confirmed that one (or has let its time pass), so that a bus without a cable holds
// one stale command and not a queue of them.
class CanAdapter {
 public:
  virtual ~CanAdapter() = default;

  // Attends to the adapter's own business (confirmations, answers that are overdue, a controller to restart) and gives
  // the next frame that passed a filter; nullopt when there is none now. Unavailable: the adapter is gone or hung; close
  // it at once and open a new one.
  [[nodiscard]] virtual absl::StatusOr<std::optional<CanFrame>> Receive(MonotonicTime now) = 0;
  // Call Receive() at the latest then, even if nothing is readable.
  [[nodiscard]] virtual MonotonicTime NextDue() const = 0;

  // Frames can go both ways, as far as is known. False while the adapter is being set up, when it is off the bus, and
  // when nobody on the bus acknowledges.
  [[nodiscard]] virtual bool up() const = 0;
  // Up, and takes a frame now.
  [[nodiscard]] virtual bool ready() const = 0;
  // Only while ready. OK: it has the frame. ResourceExhausted: it did not take it; ready() is false for a while then.
  // Unavailable: as Receive().
  [[nodiscard]] virtual absl::Status Send(const CanFrame& frame, MonotonicTime now) = 0;

  // For poll(): readable when Receive() has something to do.
  [[nodiscard]] virtual int fd() const = 0;
  // One sentence on what is wrong with the bus now, and what to do; empty when nothing is.
  [[nodiscard]] virtual std::string trouble() const = 0;
  [[nodiscard]] virtual const CanCounters& counters() const = 0;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_CAN_ADAPTER_H_
