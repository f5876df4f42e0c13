// A simulated site behind real wires: house, battery, inverters on a serial line, a meter on an MQTT broker or on HTTP,
// perhaps a BMS.
#ifndef ABCDS_HAL_SIM_SITE_H_
#define ABCDS_HAL_SIM_SITE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/sim/house/profile.h"
#include "hal/sim/inverters.h"
#include "hal/sim/meanwells.h"
#include "hal/sim/plugs.h"
#include "hal/sim/meters.h"
#include "hal/sim/shared_house.h"
#include "hal/sim/site_device.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::sim {

struct SiteOptions {
  std::vector<InverterOptions> inverters = {InverterOptions()};  // may be none where there is a
  std::optional<Plug::Options> plug;                             // with a charger on it
  std::optional<MeanwellSiteOptions> meanwell;                   // charger, or a device for both directions
  std::string pty;                                               // stable path of the inverters' line
  bool shelly = false;    // the meter is a Shelly 3EM on HTTP, and there is no broker
  int http_port = 0;      // of that Shelly; 0: a free one
  MqttMeterOptions mqtt;  // of any other meter
  MeterOptions meter;
  std::string bms_pty;  // stable path of a JK BMS's line; empty: no BMS
  int cells = 8;
  double capacity_ah = 100;
  Ratio soc{0.6};
  // The inverters' and the meter's true delays and speeds are up to this factor off their nominal ones, drawn from
  // `seed`: the configuration, which is written with the nominal ones, does not know.
  double spread = 1.3;
  uint64_t seed = 1;
};

// Step() and the faults come from one thread; the devices' threads see the house through its mutex.
class Site {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Site>> Open(const SiteOptions& options,
                                                                  std::unique_ptr<Profile> load,
                                                                  std::unique_ptr<Profile> sun);
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  void Step(Nanoseconds dt);
  [[nodiscard]] SiteView View() const { return house_.View(); }

  [[nodiscard]] SharedHouse& house() { return house_; }
  // In the order they are shown and configured.
  [[nodiscard]] const std::vector<std::unique_ptr<SiteDevice>>& devices() const { return devices_; }
  // The inverters' line. For tests.
  [[nodiscard]] ModbusLine& line() { return inverters_->line(); }
  // For tests; null without one.
  [[nodiscard]] MeanwellBus* meanwell() { return meanwell_; }
  // For tests; null where it is a Shelly.
  [[nodiscard]] MqttMeterDevice* mqtt_meter() { return mqtt_meter_; }

  // Text for `abcdsd --config`, with the nominal delays of all devices (not the true ones), all divided by `speed`.
  [[nodiscard]] std::string ConfigText(double speed) const;

 private:
  Site(const SiteOptions& options, std::unique_ptr<Profile> load, std::unique_ptr<Profile> sun);
  [[nodiscard]] absl::Status OpenDevices();
  template <class Device>
  [[nodiscard]] absl::Status Add(absl::StatusOr<std::unique_ptr<Device>> opened, Device** known = nullptr);

  const SiteOptions options_;
  SharedHouse house_;
  std::vector<std::unique_ptr<SiteDevice>> devices_;  // after the house, which their threads use
  MqttMeterDevice* mqtt_meter_ = nullptr;
  InverterLine* inverters_ = nullptr;
  MeanwellBus* meanwell_ = nullptr;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_SITE_H_
