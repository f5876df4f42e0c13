// For the driver's tests: a simulated plug, and a driver in a hurry.
#ifndef ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_PLUG_SITE_H_
#define ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_PLUG_SITE_H_

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "hal/drivers/switched_charger/device.h"
#include "hal/drivers/switched_charger/options.h"
#include "hal/rt/clock.h"
#include "hal/sim/wire/plug.h"
#include "hal/units/time.h"

namespace abcds {

class PlugSite {
 public:
  explicit PlugSite(const sim::Plug::Options& plug) : plug_(plug) {
    const absl::Status started = plug_.Start();
    EXPECT_TRUE(started.ok()) << started;
    options.kind = static_cast<switched_charger::Kind>(plug.kind);
    options.server.host = "127.0.0.1";
    options.server.port = plug_.port();
    options.server.password = plug.password;
    options.relay = plug.relay;
    options.power = plug.power;
    options.interval = std::chrono::milliseconds(400);
    options.answers_within = std::chrono::milliseconds(700);
    options.shortest_rest = std::chrono::milliseconds(200);
    options.starts_within = std::chrono::milliseconds(100);
  }

  sim::Plug& plug() { return plug_; }

  std::unique_ptr<SwitchedCharger> MakeCharger() {
    auto charger = SwitchedCharger::Create(options);
    EXPECT_TRUE(charger.ok()) << charger.status();
    return *std::move(charger);
  }

  SwitchedChargerOptions options;

 private:
  sim::Plug plug_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_SWITCHED_CHARGER_PLUG_SITE_H_
