// When a message's value may be trusted.
#ifndef ABCDS_HAL_DRIVERS_MQTT_METER_SESSION_H_
#define ABCDS_HAL_DRIVERS_MQTT_METER_SESSION_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hal/api/device_details.h"
#include "hal/api/grid_meter.h"
#include "hal/drivers/meter/trust.h"
#include "hal/drivers/mqtt_meter/codec.h"
#include "hal/text/refusal.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::mqtt_meter {

struct SessionOptions {
  std::string topic;
  Nanoseconds interval = std::chrono::seconds(1);  // T, expected between two messages
};

// The meter's part of the protocol as a machine that takes messages and time; no I/O, no clock.
//
// MQTT gives no order of events one could rely on: after an outage a broker or a publisher may deliver hours of old
// values in one burst, live ones and a stored copy look alike but for a flag, and a dead publisher is just silence. So
// a refused payload and the broker's stored copy (retained) have no effect on the value, its age, or trust; MeterTrust
// judges the others.
class Session {
 public:
  Session(const Codec& codec, const SessionOptions& options);

  void OnConnected(MonotonicTime now) noexcept;
  // `reason` is a sentence: the connection is lost, or did not come about.
  void OnDisconnected(std::string_view reason, MonotonicTime now);
  void OnSubscribed(bool granted, MonotonicTime now) noexcept;
  void OnMessage(std::span<const uint8_t> payload, bool retained, MonotonicTime now);
  // To be called at NextDue(): a silence has become too long.
  void OnTime(MonotonicTime now) noexcept;
  [[nodiscard]] MonotonicTime NextDue() const noexcept { return trust_.NextDue(); }

  [[nodiscard]] const MeterState& state() const noexcept { return trust_.state(); }

  // For people, as of `now`: readings, counters, and one sentence of trouble.
  void Describe(MonotonicTime now, DeviceDetails& details) const;

 private:
  [[nodiscard]] std::string Trouble(MonotonicTime now) const;

  const Codec codec_;
  const SessionOptions options_;
  MeterTrust trust_;

  bool connected_ = false;
  bool granted_ = true;
  MonotonicTime connected_at_ = MonotonicTime::min();
  std::string loss_reason_;
  int short_connections_ = 0;  // in a row

  // Of all live messages.
  MonotonicTime heard_at_ = MonotonicTime::min();
  Refusal last_refusal_ = Refusal::kNone;
  std::string last_refused_;  // an excerpt, printable

  std::optional<Watts> retained_;
  uint64_t messages_ = 0;
  uint64_t retained_messages_ = 0;
  uint64_t disconnects_ = 0;
  std::array<uint64_t, static_cast<size_t>(Refusal::kCount)> refused_{};
};

}  // namespace abcds::mqtt_meter

#endif  // ABCDS_HAL_DRIVERS_MQTT_METER_SESSION_H_
