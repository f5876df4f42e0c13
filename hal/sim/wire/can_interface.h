// A simulated CAN bus on an interface of the kernel, such as vcan0.
#ifndef ABCDS_HAL_SIM_WIRE_CAN_INTERFACE_H_
#define ABCDS_HAL_SIM_WIRE_CAN_INTERFACE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/sim/wire/can_front.h"
#include "hal/transport/can_client.h"
#include "hal/transport/owned_fd.h"
#include "hal/units/time.h"

namespace abcds::sim {

// Outlives the interface: one that went down or was deleted is used again when it is back.
class CanInterface final : public CanFront {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<CanInterface>> Open(const std::string& interface);

  [[nodiscard]] std::string path() const override { return interface_; }
  [[nodiscard]] int fd() const override { return socket_.get(); }
  [[nodiscard]] std::optional<CanFrame> Hear(bool acknowledged, MonotonicTime now) override;
  void Tell(const CanFrame& frame, MonotonicTime now) override;
  MonotonicTime OnTime(MonotonicTime now) override;
  // It has no adapter.
  void SetFaults(const AdapterFaults&) override {}
  void Unplug() override {}
  [[nodiscard]] absl::Status Plug() override { return absl::OkStatus(); }

 private:
  explicit CanInterface(std::string interface) : interface_(std::move(interface)) {}
  [[nodiscard]] absl::Status OpenSocket();

  const std::string interface_;
  OwnedFd socket_;
  MonotonicTime retry_at_ = MonotonicTime::min();
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_CAN_INTERFACE_H_
