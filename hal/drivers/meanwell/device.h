// A BIC-2200 or NPB on a CAN bus as a power converter.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_DEVICE_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_DEVICE_H_

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "hal/api/power_converter.h"
#include "hal/drivers/meanwell/session.h"
#include "hal/rt/mailbox.h"
#include "hal/transport/can_bus.h"
#include "hal/transport/can_client.h"

namespace abcds {

using MeanwellOptions = meanwell::Options;

// The pump between the bus's thread and the session. Construct it before the bus is started (it attaches itself); start
// the bus before Start() or after; stop the bus after Stop(); both must outlive whoever commands.
class MeanwellConverter final : public PowerConverter {
 public:
  MeanwellConverter(const MeanwellOptions& options, CanBus& bus);

  void Start() override;
  void Stop() override;
  [[nodiscard]] DeviceDetails Details() const override;
  [[nodiscard]] ThreadProgress progress() const noexcept override { return bus_.progress(); }
  [[nodiscard]] ConverterState Latest() noexcept override;
  void Command(const ConverterCommand& command) noexcept override;

 private:
  // The bus's view, apart so that its calls are not part of the converter's face.
  class Client final : public CanClient {
   public:
    explicit Client(MeanwellConverter& converter) : converter_(converter) {}
    std::span<const CanFilter> Filters() const noexcept override;
    std::optional<CanFrame> NextFrame(MonotonicTime now) noexcept override;
    MonotonicTime NextDue(MonotonicTime now) noexcept override;
    void OnSent(const CanFrame& frame, MonotonicTime now) noexcept override;
    void OnFrame(const CanFrame& frame, MonotonicTime now) noexcept override;
    void OnLink(bool up, MonotonicTime now) noexcept override;

   private:
    MeanwellConverter& converter_;
  };

  // Life, as told to the bus's thread. `kStopping` ends as `kStopped`, where the session is asked no more.
  enum class Phase : uint8_t { kNew, kRunning, kStopping, kStopped };

  [[nodiscard]] bool Asked() const noexcept;
  void TakeOrders() noexcept;
  void Publish(MonotonicTime now);

  const MeanwellOptions options_;
  CanBus& bus_;
  Client client_{*this};

  std::atomic<Phase> phase_{Phase::kNew};
  Mailbox<ConverterState> states_{ConverterState{}};
  Mailbox<ConverterCommand> commands_{ConverterCommand{}};

  meanwell::Session session_;  // the bus's thread
  MonotonicTime published_at_ = MonotonicTime::min();
  Lifecycle published_lifecycle_ = Lifecycle::kConnecting;
  ConverterCommand last_command_;  // the commanding thread

  mutable std::mutex mutex_;
  std::condition_variable rested_;
  bool at_rest_ = false;
  DeviceDetails details_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_DEVICE_H_
