// Through what a program reaches a simulated CAN bus.
#ifndef ABCDS_HAL_SIM_WIRE_CAN_FRONT_H_
#define ABCDS_HAL_SIM_WIRE_CAN_FRONT_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "hal/transport/can_client.h"
#include "hal/units/time.h"

namespace abcds::sim {

// How an SLCAN adapter misbehaves. "Every n-th" counts from the moment it is set; 0 means never.
struct AdapterFaults {
  bool hung = false;                 // takes bytes, does nothing, says nothing
  bool no_acknowledgements = false;  // takes frames without a word, as cheap clones do
  bool acknowledges_late = false;    // only behind the answer from the bus
  bool timestamps = false;           // behind each frame, whatever Z0 said
  bool dribbles = false;             // one byte each millisecond
  bool pairs = false;                // says two lines at once, or one after 20 ms
  int refuse_every = 0;              // frames for which it has no free buffer
  int cut_every = 0;                 // lines whose second half gets lost

  friend bool operator==(const AdapterFaults&, const AdapterFaults&) = default;
};

// Used under the line's lock.
class CanFront {
 public:
  virtual ~CanFront() = default;

  // What a driver opens.
  [[nodiscard]] virtual std::string path() const = 0;
  // For poll(); -1 while there is nothing to wait for.
  [[nodiscard]] virtual int fd() const = 0;
  // The next frame that the program sends, nullopt when there is none now. `acknowledged`: somebody on the bus takes
  // it. A frame that nobody takes stays with the front, as in a controller's buffer, as long as there is room.
  [[nodiscard]] virtual std::optional<CanFrame> Hear(bool acknowledged, MonotonicTime now) = 0;
  // A frame from the bus for the program.
  virtual void Tell(const CanFrame& frame, MonotonicTime now) = 0;
  // Says what has become due; the next time that something does.
  virtual MonotonicTime OnTime(MonotonicTime now) = 0;

  virtual void SetFaults(const AdapterFaults& faults) = 0;
  virtual void Unplug() = 0;
  [[nodiscard]] virtual absl::Status Plug() = 0;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_CAN_FRONT_H_
