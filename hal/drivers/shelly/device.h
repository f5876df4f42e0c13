// A grid meter that is a Shelly of generation 1.
#ifndef ABCDS_HAL_DRIVERS_SHELLY_DEVICE_H_
#define ABCDS_HAL_DRIVERS_SHELLY_DEVICE_H_

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/api/grid_meter.h"
#include "hal/drivers/shelly/session.h"
#include "hal/rt/mailbox.h"
#include "hal/transport/http_connection.h"
#include "hal/transport/http_exchange.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

struct ShellyOptions {
  std::string model = "shelly-3em";
  HttpOptions server;                              // its `auth` is set from `user`
  bool invert = false;                             // the clamps are mounted the other way round
  Nanoseconds interval = std::chrono::seconds(1);  // between two questions
  Watts plausible{50'000};                         // magnitudes beyond it are garbage
};

class ShellyMeter final : public GridMeter, private HttpClient {
 public:
  // Checks the options; InvalidArgument with the field's name first. Opens nothing.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<ShellyMeter>> Create(const ShellyOptions& options);
  ~ShellyMeter() override;

  void Start() override;
  void Stop() override;
  [[nodiscard]] DeviceDetails Details() const override;
  [[nodiscard]] MeterState Latest() noexcept override;

 private:
  explicit ShellyMeter(const ShellyOptions& options);

  // The connection's thread.
  HttpRequest NextRequest() noexcept override;
  void OnReply(const HttpReply& reply, MonotonicTime now) noexcept override;
  MonotonicTime NextDue() noexcept override;
  void OnTime(MonotonicTime now) noexcept override;

  template <class Step>
  void Advance(Step&& step) noexcept;

  Mailbox<MeterState> state_;
  mutable std::mutex session_mutex_;  // the connection's thread, and whoever wants details; never the real-time thread
  shelly::Session session_;
  HttpConnection connection_;  // last: its thread uses all of the above
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_SHELLY_DEVICE_H_
