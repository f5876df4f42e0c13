// For the meter's tests: a real mosquitto, and a publisher with its own rhythm.
#ifndef ABCDS_HAL_DRIVERS_MQTT_METER_MQTT_SITE_H_
#define ABCDS_HAL_DRIVERS_MQTT_METER_MQTT_SITE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "hal/drivers/mqtt_meter/device.h"
#include "hal/rt/clock.h"
#include "hal/sim/wire/broker_process.h"
#include "hal/sim/wire/mqtt_meter.h"

namespace abcds {

class MqttSite {
 public:
  static constexpr Nanoseconds kInterval = std::chrono::milliseconds(200);

  explicit MqttSite(sim::MqttMeterWire::Format format = sim::MqttMeterWire::Format::kNumber) : format_(format) {
    const absl::Status started = broker_.Start();
    EXPECT_TRUE(started.ok()) << started;
    wire_ = std::make_unique<sim::MqttMeterWire>(sim::MqttMeterWire::Options{
        .host = "127.0.0.1", .port = broker_.port(), .topic = "grid/power", .format = format});
    const absl::Status connected = wire_->Connect();
    EXPECT_TRUE(connected.ok()) << connected;
    publisher_ = std::thread([this] {
      for (MonotonicTime due = MonotonicNow(); !stopping_.load(); due += kInterval) {
        SleepUntil(due);
        const std::lock_guard lock(mutex_);
        wire_->Publish(Watts(power_w_.load()));
      }
    });
  }
  ~MqttSite() {
    stopping_.store(true);
    publisher_.join();
  }

  void SetPower(Watts power) { power_w_.store(power.value()); }
  void SetFault(sim::MqttMeterWire::Fault fault, bool present) {
    With([&](sim::MqttMeterWire& wire) { wire.SetFault(fault, present); });
  }
  void With(const std::function<void(sim::MqttMeterWire&)>& use) {
    const std::lock_guard lock(mutex_);
    use(*wire_);
  }
  sim::BrokerProcess& broker() { return broker_; }

  std::unique_ptr<MqttMeter> MakeMeter() {
    MqttMeterOptions options;
    options.broker.host = "127.0.0.1";
    options.broker.port = broker_.port();
    options.topic = "grid/power";
    options.interval = kInterval;
    if (format_ == sim::MqttMeterWire::Format::kJson) options.json_path = "SML.Power_curr";
    absl::StatusOr<std::unique_ptr<MqttMeter>> meter = MqttMeter::Create(options);
    EXPECT_TRUE(meter.ok()) << meter.status();
    return *std::move(meter);
  }

 private:
  const sim::MqttMeterWire::Format format_;
  sim::BrokerProcess broker_;
  std::mutex mutex_;
  std::unique_ptr<sim::MqttMeterWire> wire_;
  std::atomic<double> power_w_{0};
  std::atomic<bool> stopping_{false};
  std::thread publisher_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_MQTT_METER_MQTT_SITE_H_
