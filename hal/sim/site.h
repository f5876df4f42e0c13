// A simulated site behind real wires: house, battery, an inverter on a serial line and a meter on an MQTT broker or on
// HTTP.
#ifndef ABCDS_HAL_SIM_SITE_H_
#define ABCDS_HAL_SIM_SITE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/sim/house/house.h"
#include "hal/sim/house/profile.h"
#include "hal/sim/wire/broker_process.h"
#include "hal/sim/wire/jk_bms.h"
#include "hal/sim/wire/lumentree.h"
#include "hal/sim/wire/modbus_line.h"
#include "hal/sim/wire/mqtt_meter.h"
#include "hal/sim/wire/shelly.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::sim {

struct SiteOptions {
  int lumentree_model = 600;  // 600, 1000 or 2000
  std::string pty;            // stable path of the inverter's line
  uint8_t address = 1;
  bool shelly = false;      // the meter is a Shelly 3EM on HTTP, and there is no broker
  int http_port = 0;        // of that Shelly; 0: a free one
  std::string bms_pty;      // stable path of a JK BMS's line; empty: no BMS
  std::string broker_host;  // empty: a broker of our own, on a free loopback port
  int broker_port = 1883;
  std::string topic = "sim/grid/power";
  MqttMeterWire::Format format = MqttMeterWire::Format::kNumber;
  MeterOptions meter;
  int cells = 8;
  double capacity_ah = 100;
  Ratio soc{0.6};
  // The inverter's and the meter's true delays and speeds are up to this factor off their nominal ones, drawn from
  // `seed`: the configuration, which is written with the nominal ones, does not know.
  double spread = 1.3;
  uint64_t seed = 1;
};

// What happened since the first setpoint arrived; before that nobody regulates.
struct SiteTotals {
  double seconds = 0;
  double absolute_error_ws = 0;  // integral of the grid power's magnitude
  double import_wh = 0;
  double export_wh = 0;
  uint64_t setpoint_writes = 0;  // accepted by the inverter, refreshes included
  uint64_t setpoint_changes = 0;
};

struct SiteView {
  Nanoseconds now{0};
  Watts grid;
  Watts load;
  Watts sun;
  Watts inverter;
  Watts setpoint;
  Ratio soc;
  Volts battery;
  SiteTotals totals;
};

// Step() and the faults come from one thread; the line's thread sees the house through a mutex of the site.
class Site {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Site>> Open(const SiteOptions& options,
                                                                  std::unique_ptr<Profile> load,
                                                                  std::unique_ptr<Profile> sun);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  void Step(Nanoseconds dt);
  [[nodiscard]] SiteView View() const;

  // One of the two; the other is null.
  [[nodiscard]] MqttMeterWire* meter() { return meter_.get(); }
  [[nodiscard]] ShellyMeterWire* shelly() { return shelly_.get(); }
  [[nodiscard]] ModbusLine& line() { return *line_; }
  // Null without a BMS.
  [[nodiscard]] JkBmsLine* bms() { return bms_.get(); }
  // Null with a foreign broker, or without one.
  [[nodiscard]] BrokerProcess* broker() { return broker_ ? &*broker_ : nullptr; }
  [[nodiscard]] int broker_port() const { return broker_port_; }

  // A load in place of the profile's; none: the profile's.
  void SetLoad(std::optional<Watts> load);
  // Without mains the inverter is dead; with it again, it starts at full power by itself.
  void SetMains(bool present);
  // What the inverter gives at most, hot for example; none: what it can.
  void SetInverterLimit(std::optional<Watts> limit);

 private:
  class Load;

  Site(const SiteOptions& options, std::unique_ptr<Profile> load, std::unique_ptr<Profile> sun);
  [[nodiscard]] absl::Status OpenWires(const SiteOptions& options);
  [[nodiscard]] absl::Status OpenBrokerAndMeter(const SiteOptions& options);
  [[nodiscard]] absl::Status OpenShelly(const SiteOptions& options);
  [[nodiscard]] LumentreePlant Plant();
  [[nodiscard]] JkReadings Cells() const;
  void OnSetpoint(double power_w);

  int broker_port_ = 0;
  std::optional<BrokerProcess> broker_;
  std::unique_ptr<MqttMeterWire> meter_;
  std::unique_ptr<ShellyMeterWire> shelly_;

  mutable std::mutex mutex_;
  Load* load_ = nullptr;  // part of the house
  std::unique_ptr<House> house_;
  bool mains_ = true;
  bool regulated_ = false;
  SiteTotals totals_;

  std::unique_ptr<LumentreeInverter> inverter_;
  std::unique_ptr<ModbusLine> line_;  // last, as its thread uses the above; likewise:
  std::unique_ptr<JkBmsLine> bms_;
};

// Nominal constants of the inverter, as the configuration's defaults believe them.
[[nodiscard]] ConverterOptions NominalInverter(int lumentree_model);

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_SITE_H_
