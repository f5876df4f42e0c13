// MQTT messages as a transport.
#ifndef ABCDS_HAL_TRANSPORT_MQTT_MESSAGES_H_
#define ABCDS_HAL_TRANSPORT_MQTT_MESSAGES_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "hal/units/time.h"

namespace abcds {

// What a subscriber hears. All calls come from the connection's one thread; none may block, nor call the connection.
class MqttListener {
 public:
  virtual ~MqttListener() = default;

  // Connected and about to subscribe (again after each connect: a broker may have forgotten us).
  virtual void OnConnected(MonotonicTime now) noexcept = 0;
  // The connection is lost, or an attempt to connect has failed. `reason` is a sentence that names the broker and what
  // to do; never a secret.
  virtual void OnDisconnected(std::string_view reason, MonotonicTime now) noexcept = 0;
  // The broker's answer to the subscription; false: it refuses the topic (access rights).
  virtual void OnSubscribed(bool granted, MonotonicTime now) noexcept = 0;
  // `retained` marks the broker's stored copy: a value of unknown age.
  virtual void OnMessage(std::string_view topic, std::span<const uint8_t> payload, bool retained,
                         MonotonicTime now) noexcept = 0;

  // For listeners that judge silence: OnTime is called at NextDue(), which is asked again after each call. It may come
  // seconds late while an attempt to connect blocks in name resolution.
  virtual MonotonicTime NextDue() noexcept { return MonotonicTime::max(); }
  virtual void OnTime(MonotonicTime /*now*/) noexcept {}
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_MQTT_MESSAGES_H_
