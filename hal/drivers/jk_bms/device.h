// A JK BMS (4E57 protocol) as a battery monitor.
#ifndef ABCDS_HAL_DRIVERS_JK_BMS_DEVICE_H_
#define ABCDS_HAL_DRIVERS_JK_BMS_DEVICE_H_

#include <atomic>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "hal/api/battery_monitor.h"
#include "hal/drivers/jk_bms/session.h"
#include "hal/rt/mailbox.h"
#include "hal/transport/byte_bus.h"
#include "hal/transport/byte_client.h"

namespace abcds {

struct JkBmsOptions {
  std::optional<size_t> cells;  // as the configuration has them; none: any number is right
  bool below_zero_one_lower = false;
  std::string port_label;  // what details and sentences call the port
};

// The pump between the bus's thread and the session. Construct it before the bus is started (it attaches itself); start
// the bus before Start() or after; both must outlive whoever reads.
class JkBmsBattery final : public BatteryMonitor {
 public:
  JkBmsBattery(const JkBmsOptions& options, ByteBus& bus);

  void Start() override;
  void Stop() override;
  [[nodiscard]] DeviceDetails Details() const override;
  [[nodiscard]] BatteryState Latest() noexcept override { return states_.Latest(); }

 private:
  // The bus's view, apart so that its calls are not part of the monitor's face.
  class Client final : public ByteClient {
   public:
    explicit Client(JkBmsBattery& battery) : battery_(battery) {}
    std::optional<ByteRequest> NextRequest(MonotonicTime now) noexcept override;
    MonotonicTime NextDue(MonotonicTime now) noexcept override;
    void OnSent(MonotonicTime now) noexcept override;
    bool OnBytes(std::span<const uint8_t> bytes, MonotonicTime now) noexcept override;
    MonotonicTime ReplyDeadline() const noexcept override;
    bool OnDeadline(MonotonicTime now) noexcept override;
    void OnLink(bool up, MonotonicTime now) noexcept override;

   private:
    JkBmsBattery& battery_;
  };

  // What the bus's thread leaves for people.
  struct Published {
    bool known = false;  // there was a sample
    BatteryState state;
    jk_bms::Status status;
    jk_bms::Counters counters;
    std::string trouble;
  };

  void Publish();

  const JkBmsOptions options_;
  ByteBus& bus_;
  Client client_{*this};
  std::atomic<bool> asked_{false};
  Mailbox<BatteryState> states_{BatteryState{}};
  jk_bms::Session session_;  // the bus's thread

  mutable std::mutex mutex_;
  Published published_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_JK_BMS_DEVICE_H_
