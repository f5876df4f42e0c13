// A simulated CAN bus behind an USBtin on a pty.
#ifndef ABCDS_HAL_SIM_WIRE_SLCAN_FRONT_H_
#define ABCDS_HAL_SIM_WIRE_SLCAN_FRONT_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/sim/wire/can_front.h"
#include "hal/sim/wire/pty.h"
#include "hal/sim/wire/usbtin.h"
#include "hal/transport/can_client.h"
#include "hal/units/time.h"

namespace abcds::sim {

class SlcanFront final : public CanFront {
 public:
  // `link` as Pty::Open. `bitrate`: at which the bus runs.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SlcanFront>> Open(const std::string& link, int bitrate);

  [[nodiscard]] std::string path() const override { return pty_->path(); }
  [[nodiscard]] int fd() const override { return pty_->fd(); }
  [[nodiscard]] std::optional<CanFrame> Hear(bool acknowledged, MonotonicTime now) override;
  void Tell(const CanFrame& frame, MonotonicTime now) override;
  MonotonicTime OnTime(MonotonicTime now) override;
  void SetFaults(const AdapterFaults& faults) override;
  void Unplug() override;
  [[nodiscard]] absl::Status Plug() override;

 private:
  struct Saying {
    MonotonicTime at;
    std::string text;
  };

  SlcanFront(std::unique_ptr<Pty> pty, int bitrate) : pty_(std::move(pty)), bus_bitrate_(bitrate) {}

  void Read(MonotonicTime now);
  void OnAnswer(std::string answer, MonotonicTime now);
  // Everything the adapter says passes here, and is spoilt as the faults say.
  void Say(std::string line, MonotonicTime now);
  void TellUsbtin();
  void Queue(const std::string& text, MonotonicTime now);

  const std::unique_ptr<Pty> pty_;
  const int bus_bitrate_;
  Usbtin usbtin_;
  AdapterFaults faults_;
  uint64_t lines_said_ = 0;  // since the faults were set
  std::string held_line_;    // waits for a second one
  MonotonicTime held_until_{};
  std::string late_acknowledgement_;  // waits for the answer from the bus
  std::deque<Saying> sayings_;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_SLCAN_FRONT_H_
