#include "hal/sim/site.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hal/sim/bms.h"
#include "hal/sim/house/random.h"

namespace abcds::sim {
namespace {

constexpr double kMeanwellW = 2200;  // the largest

double ResistanceMohm(const SiteOptions& options) { return 1.5 * options.cells; }

HouseOptions HouseOptionsOf(const SiteOptions& options) {
  Random random(options.seed);
  const auto spread = [&](Nanoseconds d) { return FromSeconds(ToSeconds(d) * random.Factor(options.spread)); };
  HouseOptions house;
  house.battery.cells = options.cells;
  house.battery.capacity_ah = options.capacity_ah;
  house.battery.soc = options.soc;
  house.battery.resistance = Ohms(ResistanceMohm(options) * 1e-3);
  house.meter = options.meter;
  house.meter.latency = spread(options.meter.latency);
  house.meter.seed = options.seed + 1;
  house.converters.clear();
  for (const InverterOptions& each : options.inverters) {
    ConverterOptions inverter = NominalInverter(each);
    inverter.dead_time = spread(inverter.dead_time);
    inverter.start_delay = spread(inverter.start_delay);
    inverter.ramp_up = inverter.ramp_up * random.Factor(options.spread);
    inverter.ramp_down = inverter.ramp_down * random.Factor(options.spread);
    inverter.readback_refresh = spread(inverter.readback_refresh);
    house.converters.push_back(inverter);
  }
  if (options.meanwell.has_value()) house.converters.push_back(FollowingConverter(options.meanwell->device));
  if (options.plug.has_value()) house.converters.push_back(FollowingPlug());
  return house;
}

}  // namespace

Site::Site(const SiteOptions& options, std::unique_ptr<Profile> load, std::unique_ptr<Profile> sun)
    : options_(options), house_(HouseOptionsOf(options), std::move(load), std::move(sun)) {}

absl::StatusOr<std::unique_ptr<Site>> Site::Open(const SiteOptions& options, std::unique_ptr<Profile> load,
                                                 std::unique_ptr<Profile> sun) {
  std::unique_ptr<Site> site(new Site(options, std::move(load), std::move(sun)));
  if (const absl::Status status = site->OpenDevices(); !status.ok()) return status;
  return site;
}

template <class Device>
absl::Status Site::Add(absl::StatusOr<std::unique_ptr<Device>> opened, Device** known) {
  if (!opened.ok()) return opened.status();
  if (known != nullptr) *known = opened->get();
  devices_.push_back(*std::move(opened));
  return absl::OkStatus();
}

// A further kind of device: its class, its options above, a line here, its flags in main.cc.
absl::Status Site::OpenDevices() {
  absl::Status status = options_.shelly ? Add(ShellyMeterDevice::Open(options_.http_port, options_.meter))
                                        : Add(MqttMeterDevice::Open(options_.mqtt, options_.meter), &mqtt_meter_);
  if (status.ok() && !options_.inverters.empty()) {
    status = Add(InverterLine::Open(options_.pty, options_.inverters, house_, 0), &inverters_);
  }
  if (status.ok() && options_.meanwell.has_value()) {
    status = Add(MeanwellBus::Open(*options_.meanwell, house_, options_.inverters.size()), &meanwell_);
  }
  if (status.ok() && options_.plug.has_value()) {
    const size_t index = options_.inverters.size() + (options_.meanwell.has_value() ? 1 : 0);
    status = Add(PlugCharger::Open(*options_.plug, house_, index));
  }
  if (status.ok() && !options_.bms_pty.empty()) status = Add(JkBmsDevice::Open(options_.bms_pty, house_));
  return status;
}

void Site::Step(Nanoseconds dt) {
  for (const auto& device : devices_) device->OnStep();
  const std::optional<Watts> measured = house_.Step(dt);
  if (!measured.has_value()) return;
  for (const auto& device : devices_) device->OnMeasurement(*measured);
}

std::string Site::ConfigText(double speed) const {
  std::string text = "# Written by abcds-sim for the site that it simulates.\n\nsite: \"simulated\"\n\n";
  for (const auto& device : devices_) absl::StrAppend(&text, device->ConfigText(speed));
  double power_w = 0;
  for (const InverterOptions& inverter : options_.inverters) power_w += inverter.model;
  if (options_.meanwell.has_value()) power_w += kMeanwellW;
  if (options_.plug.has_value()) power_w += options_.plug->power.value();
  // Generous, so that the battery's current limit is not what the simulation shows.
  const double max_current_a = 1.2 * power_w / (3.0 * options_.cells);
  absl::StrAppendFormat(
      &text, "battery {\n  cells: %d\n  capacity_ah: %g\n  resistance_mohm: %g\n  max_discharge_current_a: %.0f\n%s}\n",
      options_.cells, options_.capacity_ah, ResistanceMohm(options_), max_current_a,
      options_.meanwell.has_value() || options_.plug.has_value() ? absl::StrFormat("  max_charge_current_a: %.0f\n", max_current_a) : "");
  return text;
}

}  // namespace abcds::sim
