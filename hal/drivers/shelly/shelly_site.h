// For the meter's tests: a simulated device that measures in its own rhythm.
#ifndef ABCDS_HAL_DRIVERS_SHELLY_SHELLY_SITE_H_
#define ABCDS_HAL_DRIVERS_SHELLY_SHELLY_SITE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "hal/drivers/shelly/device.h"
#include "hal/rt/clock.h"
#include "hal/sim/wire/shelly.h"

namespace abcds {

class ShellySite {
 public:
  static constexpr Nanoseconds kInterval = std::chrono::milliseconds(200);

  explicit ShellySite(const sim::ShellyMeterWire::Options& options = {}) : options_(options), wire_(options) {
    const absl::Status started = wire_.Start();
    EXPECT_TRUE(started.ok()) << started;
    device_ = std::thread([this] {
      for (MonotonicTime due = MonotonicNow(); !stopping_.load(); due += kInterval / 2) {
        SleepUntil(due);
        wire_.Measure(Watts(power_w_.load()));
      }
    });
  }
  ~ShellySite() {
    stopping_.store(true);
    device_.join();
  }

  void SetPower(Watts power) { power_w_.store(power.value()); }
  sim::ShellyMeterWire& wire() { return wire_; }

  std::unique_ptr<ShellyMeter> MakeMeter() {
    ShellyOptions options;
    options.server.host = "127.0.0.1";
    options.server.port = wire_.port();
    options.server.user = options_.user;
    options.server.password = options_.password;
    options.interval = kInterval;
    absl::StatusOr<std::unique_ptr<ShellyMeter>> meter = ShellyMeter::Create(options);
    EXPECT_TRUE(meter.ok()) << meter.status();
    return *std::move(meter);
  }

 private:
  const sim::ShellyMeterWire::Options options_;
  sim::ShellyMeterWire wire_;
  std::atomic<double> power_w_{0};
  std::atomic<bool> stopping_{false};
  std::thread device_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_SHELLY_SHELLY_SITE_H_
