// The devices' end of a CAN bus: what a driver meets behind an SLCAN adapter on a pty, or on a CAN interface of the
// kernel. The wire's own time, misbehaviour, and a record of every frame.
#ifndef ABCDS_HAL_SIM_WIRE_CAN_LINE_H_
#define ABCDS_HAL_SIM_WIRE_CAN_LINE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/rt/waker.h"
#include "hal/sim/wire/can_front.h"
#include "hal/transport/can_client.h"
#include "hal/units/time.h"

namespace abcds::sim {

// One device on the bus. Called by the line's thread.
class SimCanDevice {
 public:
  struct Answer {
    CanFrame frame;
    Nanoseconds delay = std::chrono::milliseconds(3);  // from the end of what it answers to its own begin
  };

  virtual ~SimCanDevice() = default;
  // Every frame that somebody else put on the bus, at `now` (its last bit).
  [[nodiscard]] virtual std::vector<Answer> OnFrame(const CanFrame& frame, MonotonicTime now) = 0;
  // A device without power neither hears, nor answers, nor acknowledges.
  [[nodiscard]] virtual bool Powered() { return true; }
};

// A frame on the wire, as an oscilloscope would show it.
struct SeenCanFrame {
  enum class Sender : uint8_t { kController, kDevice, kStranger };
  MonotonicTime at = MonotonicTime::min();  // its last bit
  CanFrame frame;
  Sender sender = Sender::kController;
};

// "Every n-th" counts from the moment it is set; 0 means never.
struct CanLineFaults {
  // On the bus.
  bool cable_out = false;       // no frame passes, and none is acknowledged
  bool foreign_frames = false;  // behind each frame of ours another participant's, with the same low bits in a standard
                                // identifier
  int lose_every = 0;           // answers that do not arrive
  // Of an adapter on a pty.
  AdapterFaults adapter{};
};

struct CanLineOptions {
  std::string link{};        // an SLCAN adapter (USBtin) on a pty under this path; empty: under the kernel's own name
  std::string interface {};  // where named, this CAN interface of the kernel instead, which must be up
  int bitrate = 250'000;     // of the bus; an adapter that is set to another one gets no frame through
};

class CanLine {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<CanLine>> Open(const CanLineOptions& options);
  ~CanLine();
  CanLine(const CanLine&) = delete;
  CanLine& operator=(const CanLine&) = delete;

  // Before Start(). Not owned; must live until Stop().
  void Attach(SimCanDevice& device) { devices_.push_back(&device); }
  void Start();
  void Stop();

  // Any thread, at any time.
  // What a driver opens: the adapter's path, or the interface's name.
  [[nodiscard]] std::string path() const;
  void SetFaults(const CanLineFaults& faults);
  [[nodiscard]] CanLineFaults faults() const;
  // The adapter is pulled and plugged in again, under the same path. For a pty only.
  void Unplug();
  [[nodiscard]] absl::Status Plug();
  // The newest 100,000 frames that were on the wire; those after the first `from` ever recorded.
  [[nodiscard]] std::vector<SeenCanFrame> Frames(uint64_t from = 0) const;
  [[nodiscard]] uint64_t frame_count() const;

 private:
  using Sender = SeenCanFrame::Sender;
  struct Pending {
    MonotonicTime ready_at;
    CanFrame frame;
    Sender sender = Sender::kController;
    const SimCanDevice* device = nullptr;  // that sends it; null for others
  };
  struct OnWire {
    Pending sent;
    MonotonicTime ends_at;
  };

  CanLine(const CanLineOptions& options, std::unique_ptr<CanFront> front);

  void Run();
  void TakeFromFront(MonotonicTime now);
  void Add(const Pending& pending);
  // Moves what is due onto the wire, and from there to those who hear it. The next time that something is due.
  MonotonicTime MoveWire(MonotonicTime now);
  void Arrive(const Pending& sent, MonotonicTime at);
  [[nodiscard]] bool AnybodyListens();

  const CanLineOptions options_;
  std::vector<SimCanDevice*> devices_;
  Waker waker_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;

  // The line's thread.
  std::deque<Pending> pending_;  // by the time they are ready
  std::optional<OnWire> on_wire_;
  uint64_t answers_ = 0;

  mutable std::mutex mutex_;
  const std::unique_ptr<CanFront> front_;
  CanLineFaults faults_;
  std::deque<SeenCanFrame> seen_;
  uint64_t forgotten_ = 0;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_CAN_LINE_H_
