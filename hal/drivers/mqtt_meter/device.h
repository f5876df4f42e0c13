// A grid meter that speaks MQTT.
#ifndef ABCDS_HAL_DRIVERS_MQTT_METER_DEVICE_H_
#define ABCDS_HAL_DRIVERS_MQTT_METER_DEVICE_H_

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/api/grid_meter.h"
#include "hal/drivers/mqtt_meter/codec.h"
#include "hal/drivers/mqtt_meter/session.h"
#include "hal/rt/mailbox.h"
#include "hal/transport/mqtt_connection.h"
#include "hal/transport/mqtt_messages.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

struct MqttMeterOptions {
  MqttOptions broker;                              // its `topics` are set from `topic`
  std::string topic;                               // no wildcards
  std::string json_path;                           // empty: the payload is a plain number
  double scale = 1.0;                              // watts per unit of the payload, > 0
  bool strip_unit = false;                         // "412 W" is a value, too
  bool invert = false;                             // the meter counts export as positive
  Nanoseconds interval = std::chrono::seconds(1);  // between two messages
  Watts plausible{50'000};                         // magnitudes beyond it are garbage
};

// One connection of its own: other traffic cannot delay the meter's messages.
class MqttMeter final : public GridMeter, private MqttListener {
 public:
  // Checks the options; InvalidArgument with the field's name first. Opens nothing.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<MqttMeter>> Create(const MqttMeterOptions& options);
  ~MqttMeter() override;

  void Start() override;
  void Stop() override;
  [[nodiscard]] DeviceDetails Details() const override;
  [[nodiscard]] MeterState Latest() noexcept override;

 private:
  MqttMeter(const MqttMeterOptions& options, const mqtt_meter::Codec& codec);

  // The connection's thread.
  void OnConnected(MonotonicTime now) noexcept override;
  void OnDisconnected(std::string_view reason, MonotonicTime now) noexcept override;
  void OnSubscribed(bool granted, MonotonicTime now) noexcept override;
  void OnMessage(std::string_view topic, std::span<const uint8_t> payload, bool retained,
                 MonotonicTime now) noexcept override;
  MonotonicTime NextDue() noexcept override;
  void OnTime(MonotonicTime now) noexcept override;

  template <class Step>
  void Advance(Step&& step) noexcept;

  const std::string broker_label_;
  Mailbox<MeterState> state_;
  mutable std::mutex session_mutex_;  // the connection's thread, and whoever wants details; never the real-time thread
  mqtt_meter::Session session_;
  MqttConnection connection_;  // last: its thread uses all of the above
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_MQTT_METER_DEVICE_H_
