// A meter that publishes on MQTT, with everything that goes wrong with such meters.
#ifndef ABCDS_HAL_SIM_WIRE_MQTT_METER_H_
#define ABCDS_HAL_SIM_WIRE_MQTT_METER_H_

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "hal/units/quantity.h"

struct mosquitto;

namespace abcds::sim {

// Publishes through a real broker with the client library's own thread, which also reconnects. Not thread-safe; call it
// from the thread that steps the house.
class MqttMeterWire {
 public:
  enum class Format : uint8_t {
    kNumber,  // "-412.7"
    kJson,    // {"Time":…,"SML":{"Total_in":…,"Power_curr":-412.7}}: as a reading head says it
  };
  enum class Fault : uint8_t {
    kSilent,       // publishes nothing, the broker stays up
    kGarbage,      // text that is no number, each time another
    kNan,          // "nan"
    kEmpty,        // an empty payload
    kImplausible,  // -100000
    kFlipped,      // import and export changed places
    kKilowatts,    // the same number in kW
    kFrozen,       // the last value again and again
    kRetained,     // each message is stored by the broker, too
    kCount,
  };

  struct Options {
    std::string host = "127.0.0.1";
    int port = 1883;
    std::string topic = "sim/grid/power";
    Format format = Format::kNumber;
  };

  explicit MqttMeterWire(Options options);
  ~MqttMeterWire();
  MqttMeterWire(const MqttMeterWire&) = delete;
  MqttMeterWire& operator=(const MqttMeterWire&) = delete;

  // Blocks until the broker has accepted the connection.
  [[nodiscard]] absl::Status Connect();

  // One message of the meter; what becomes of it is up to the faults.
  void Publish(Watts power);
  void SetFault(Fault fault, bool present);
  [[nodiscard]] bool HasFault(Fault fault) const { return faults_.at(static_cast<size_t>(fault)); }
  // Sends the last `count` values again, at once: what a broker or a bridge does after an outage.
  void Replay(size_t count);
  // Sends these bytes, whatever they are.
  void SendRaw(const std::string& payload, bool retain = false);

  [[nodiscard]] uint64_t published() const { return published_; }

 private:
  struct DestroyClient {
    void operator()(mosquitto* client) const noexcept;
  };

  [[nodiscard]] std::string Payload(Watts power) const;

  const Options options_;
  std::unique_ptr<mosquitto, DestroyClient> client_;
  std::array<bool, static_cast<size_t>(Fault::kCount)> faults_{};
  std::deque<std::string> past_;
  std::string last_;
  uint64_t published_ = 0;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_MQTT_METER_H_
