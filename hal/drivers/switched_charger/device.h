// A charger behind a smart plug as a power converter with one step.
#ifndef ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_DEVICE_H_
#define ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_DEVICE_H_

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "hal/api/power_converter.h"
#include "hal/drivers/switched_charger/options.h"
#include "hal/drivers/switched_charger/session.h"
#include "hal/rt/mailbox.h"
#include "hal/transport/http_connection.h"
#include "hal/transport/http_exchange.h"
#include "hal/transport/owned_fd.h"
#include "hal/units/time.h"

namespace abcds {

// The pump between the HTTP connection's thread and the session.
class SwitchedCharger final : public PowerConverter, private HttpClient {
 public:
  // Checks the options; InvalidArgument with the field's name first. Opens nothing.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SwitchedCharger>> Create(const SwitchedChargerOptions& options);
  ~SwitchedCharger() override;

  void Start() override;
  void Stop() override;
  [[nodiscard]] DeviceDetails Details() const override;
  [[nodiscard]] ThreadProgress progress() const noexcept override { return connection_.progress(); }
  [[nodiscard]] ConverterState Latest() noexcept override;
  void Command(const ConverterCommand& command) noexcept override;

 private:
  explicit SwitchedCharger(const SwitchedChargerOptions& options);

  // The connection's thread.
  HttpRequest NextRequest() noexcept override;
  void OnReply(const HttpReply& reply, MonotonicTime now) noexcept override;
  bool Abandons() noexcept override;

  void TakeOrders() noexcept;
  // Whether the plug is ours alone; tried again and again.
  [[nodiscard]] bool Owns(MonotonicTime now) noexcept;
  void Publish(MonotonicTime now) noexcept;

  std::atomic<bool> started_{false};
  std::atomic<bool> stopping_{false};
  Mailbox<ConverterState> states_;
  Mailbox<ConverterCommand> commands_{ConverterCommand{}};
  ConverterCommand last_command_;  // the commanding thread

  mutable std::mutex session_mutex_;  // the connection's thread, and whoever wants details; never the real-time thread
  std::condition_variable rested_;
  const SwitchedChargerOptions options_;
  OwnedFd claim_;
  std::string claimed_by_another_;  // a sentence; empty where the plug is ours, or has not been asked for
  MonotonicTime claim_at_ = MonotonicTime::min();
  switched_charger::Session session_;
  HttpConnection connection_;  // last: its thread uses all of the above
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_DEVICE_H_
