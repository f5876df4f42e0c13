// A connection to an MQTT broker that keeps itself up.
#ifndef ABCDS_HAL_TRANSPORT_MQTT_CONNECTION_H_
#define ABCDS_HAL_TRANSPORT_MQTT_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "hal/transport/mqtt_messages.h"
#include "hal/units/time.h"

namespace abcds {

struct MqttTls {
  bool enabled = false;
  std::string ca_file;           // PEM; empty: the system's authorities
  std::string certificate_file;  // the client's own, with `key_file`; empty: none
  std::string key_file;
  bool insecure = false;  // do not verify the broker's certificate
};

struct MqttOptions {
  std::string host;
  int port = 1883;
  std::string user;  // empty: no login
  std::string password;
  MqttTls tls;
  std::vector<std::string> topics;
  Nanoseconds keepalive = std::chrono::seconds(15);        // whole seconds; a dead link is found after one and a half
  Nanoseconds connect_timeout = std::chrono::seconds(10);  // from the start of an attempt to the broker's answer
  // The client id is this and a random part: two clients with one id throw each other out for ever.
  std::string client_id_prefix = "abcds";
};

// Only ever grow.
struct MqttCounters {
  uint64_t attempts = 0;
  uint64_t connects = 0;
  uint64_t losses = 0;
  uint64_t messages = 0;
  uint64_t oversized = 0;  // messages beyond kLargestPayload, which nobody gets to see
};

// MQTT 3.1.1 by libmosquitto: clean session and QoS 0, since a broker that queues power values during our absence
// delivers them in a burst, all of them stale. One ordinary thread resolves the name, connects, subscribes again after
// every connect, and hands each message to the listener at once, without any polling interval. Retried for ever.
class MqttConnection {
 public:
  static constexpr size_t kLargestPayload = 64 * 1024;

  // `listener` must live until Stop() has returned.
  MqttConnection(MqttOptions options, MqttListener& listener);
  ~MqttConnection();
  MqttConnection(const MqttConnection&) = delete;
  MqttConnection& operator=(const MqttConnection&) = delete;

  // Returns at once.
  void Start();
  // The listener hears nothing more once this has returned; at most 2 s, also while a name server does not answer.
  // Idempotent; not from the listener.
  void Stop();

  // Any thread. One sentence on what is wrong now and what to do; empty when connected and subscribed.
  [[nodiscard]] std::string Trouble() const;
  [[nodiscard]] MqttCounters Counters() const;

 private:
  class Worker;

  // Shared with the thread: one that is stuck in name resolution is left behind and must find its data when it wakes.
  std::shared_ptr<Worker> worker_;
  std::thread thread_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_MQTT_CONNECTION_H_
