// The grid meters of a site, one of which it has: messages through an MQTT broker, or a Shelly 3EM on HTTP.
#ifndef ABCDS_HAL_SIM_METERS_H_
#define ABCDS_HAL_SIM_METERS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/sim/house/meter_model.h"
#include "hal/sim/site_device.h"
#include "hal/sim/wire/broker_process.h"
#include "hal/sim/wire/mqtt_meter.h"
#include "hal/sim/wire/shelly.h"

namespace abcds::sim {

struct MqttMeterOptions {
  std::string broker_host;  // empty: a broker of our own, on a free loopback port
  int broker_port = 1883;
  std::string topic = "sim/grid/power";
  MqttMeterWire::Format format = MqttMeterWire::Format::kNumber;
};

class MqttMeterDevice final : public SiteDevice {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<MqttMeterDevice>> Open(const MqttMeterOptions& options,
                                                                             const MeterOptions& nominal);

  [[nodiscard]] std::string Description() const override;
  [[nodiscard]] std::vector<Breakable> Breakables() override;
  [[nodiscard]] std::string ConfigText(double speed) const override;
  void OnMeasurement(Watts power) override { wire_->Publish(power); }

  [[nodiscard]] MqttMeterWire& wire() { return *wire_; }
  [[nodiscard]] int broker_port() const { return options_.broker_port; }

 private:
  MqttMeterDevice(MqttMeterOptions options, const MeterOptions& nominal)
      : options_(std::move(options)), nominal_(nominal) {}

  MqttMeterOptions options_;  // host and port as they are in the end
  const MeterOptions nominal_;
  std::optional<BrokerProcess> broker_;  // missing with a foreign one
  std::unique_ptr<MqttMeterWire> wire_;
};

class ShellyMeterDevice final : public SiteDevice {
 public:
  // `port` 0: a free one.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<ShellyMeterDevice>> Open(int port, const MeterOptions& nominal);

  [[nodiscard]] std::string Description() const override;
  [[nodiscard]] std::vector<Breakable> Breakables() override;
  [[nodiscard]] std::string ConfigText(double speed) const override;
  void OnMeasurement(Watts power) override { wire_->Measure(power); }

 private:
  ShellyMeterDevice(std::unique_ptr<ShellyMeterWire> wire, const MeterOptions& nominal)
      : wire_(std::move(wire)), nominal_(nominal) {}

  const std::unique_ptr<ShellyMeterWire> wire_;
  const MeterOptions nominal_;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_METERS_H_
