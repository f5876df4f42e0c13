// A CAN interface of the kernel (SocketCAN).
#ifndef ABCDS_HAL_TRANSPORT_CAN_SOCKET_H_
#define ABCDS_HAL_TRANSPORT_CAN_SOCKET_H_

#include <linux/can.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/transport/can_adapter.h"
#include "hal/transport/can_client.h"
#include "hal/transport/can_error.h"
#include "hal/transport/owned_fd.h"
#include "hal/units/time.h"

namespace abcds {

struct CanSocketTiming {
  // The kernel gives a frame back once it was on the wire and somebody acknowledged it, 1 ms after it was sent or after
  // what others send first. Without that for so long, nobody on the bus takes frames.
  Nanoseconds confirmation = std::chrono::milliseconds(300);
  // After this one more frame is tried, in case that it was only the confirmation that got lost.
  Nanoseconds lost_confirmation = std::chrono::seconds(10);
  // A full queue, which only other programs can fill: pause before a frame is offered again. Full for longer than
  // `confirmation`, the bus counts as down for `recovery`.
  Nanoseconds refused_pause = std::chrono::milliseconds(20);
  Nanoseconds recovery = std::chrono::seconds(1);
  // While the controller is off the bus: how often it is looked at, and restarted where it does not do so by itself.
  Nanoseconds bus_off_look = std::chrono::milliseconds(500);
};

// An interface that somebody brought up is used as it is. One that goes down or vanishes is reported as gone; opening
// again finds it when it is back.
class CanSocket final : public CanAdapter {
 public:
  // `bring_up`: an interface that is down is set to `bitrate` and brought up. Errors as OpenCanAdapter.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<CanSocket>> Open(const std::string& interface, int bitrate,
                                                                       bool bring_up,
                                                                       std::span<const CanFilter> filters,
                                                                       const CanSocketTiming& timing = {});
  CanSocket(const CanSocket&) = delete;
  CanSocket& operator=(const CanSocket&) = delete;

  [[nodiscard]] absl::StatusOr<std::optional<CanFrame>> Receive(MonotonicTime now) override;
  [[nodiscard]] MonotonicTime NextDue() const override;
  [[nodiscard]] bool up() const override { return state_ != CanBusState::kOff && !stalled_; }
  [[nodiscard]] bool ready() const override { return up() && !confirm_by_.has_value() && !refused_until_.has_value(); }
  [[nodiscard]] absl::Status Send(const CanFrame& frame, MonotonicTime now) override;
  [[nodiscard]] int fd() const override { return socket_.get(); }
  [[nodiscard]] std::string trouble() const override;
  [[nodiscard]] const CanCounters& counters() const override { return counters_; }

 private:
  CanSocket(OwnedFd claim, OwnedFd socket, std::string interface, int bitrate, std::span<const CanFilter> filters,
            const CanSocketTiming& timing);

  // Our filters and the frames that we send ourselves, to see them confirmed.
  [[nodiscard]] absl::Status SetFilters();
  [[nodiscard]] absl::Status WatchOwn(canid_t id);
  [[nodiscard]] absl::Status Gone(int error) const;
  // The frame for our clients, if it is one.
  std::optional<CanFrame> OnFrame(const can_frame& frame, bool own, MonotonicTime now);
  void OnErrorFrame(const can_frame& frame, MonotonicTime now);
  void OnTime(MonotonicTime now);
  void LookAtController(MonotonicTime now);
  void NothingUnderWay();

  const OwnedFd claim_;
  const OwnedFd socket_;
  const std::string interface_;
  const int bitrate_;
  const std::vector<CanFilter> filters_;
  const CanSocketTiming timing_;
  std::vector<canid_t> own_ids_;

  CanBusState state_ = CanBusState::kActive;
  std::optional<MonotonicTime> confirm_by_;     // a frame is under way
  std::optional<MonotonicTime> refused_since_;  // the queue has been full since
  std::optional<MonotonicTime> refused_until_;  // when to offer a frame again
  bool stalled_ = false;                        // nobody takes frames, or the queue stays full
  MonotonicTime look_at_ = MonotonicTime::max();
  std::optional<MonotonicTime> foreign_until_;  // another controller was seen lately
  CanCounters counters_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_CAN_SOCKET_H_
