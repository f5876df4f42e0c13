#include "server/devices/lumentree.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/drivers/bus/bus_set.h"
#include "hal/drivers/lumentree/codec.h"
#include "hal/drivers/lumentree/device.h"
#include "hal/drivers/lumentree/safe_state.h"
#include "server/config/field_rules.h"
#include "server/devices/example.h"
#include "server/devices/lumentree_access.h"
#include "server/devices/serial_bus.h"

namespace abcds {

namespace {

using lumentree::Model;
using lumentree::Traits;
using lumentree::TraitsOf;

// 600 while the file does not say: the least that any of them can do.
Model ModelOf(const v1::Lumentree& options) {
  switch (options.model()) {
    case v1::Lumentree::MODEL_2000:
      return Model::k2000;
    case v1::Lumentree::MODEL_1000:
      return Model::k1000;
    default:
      return Model::k600;
  }
}

LumentreeOptions DriverOptions(const v1::Lumentree& options, const Site::SerialBus& bus) {
  LumentreeOptions driver;
  driver.model = ModelOf(options);
  driver.address = static_cast<uint8_t>(NumberInForce(options, v1::Lumentree::kAddressFieldNumber));
  driver.port_label = bus.port;
  return driver;
}

class Lumentree final : public DeviceType {
 public:
  DeviceKind kind() const override { return DeviceKind::kConverter; }
  std::string name() const override { return "lumentree"; }
  std::string arm() const override { return "lumentree"; }
  uint32_t baud() const override { return 9600; }
  std::string bus_protocol() const override { return "Modbus RTU"; }

  // Nothing is published about the speed of these inverters: dead time and ramps are assumptions on the slow side of
  // what users saw, with an uncertainty that covers the rest. `abcdsctl explain` and a test on the plant tell better.
  ConverterSettings ConverterDefaults(const v1::Converter& converter) const override {
    const Traits& traits = TraitsOf(ModelOf(converter.lumentree()));
    ConverterSettings settings;
    settings.discharges = true;
    settings.min_discharge = traits.min_power;
    settings.max_discharge = traits.max_power;
    settings.deadband = Watts(10);
    settings.minimum_interval = std::chrono::milliseconds(500);
    settings.reports_power = true;
    settings.response.dead_time = std::chrono::milliseconds(250);
    settings.response.start_delay = std::chrono::milliseconds(500);
    settings.response.ramp_up = WattsPerSecond(600);
    settings.response.ramp_down = WattsPerSecond(1500);
    settings.response.lag = Nanoseconds(0);
    settings.response.readback_latency = std::chrono::milliseconds(400);
    settings.response.uncertainty = 0.45;
    return settings;
  }

  void AddExample(v1::Config& config) const override {
    const std::string bus = ExampleModbusBus(config);
    const uint32_t address = FreeAddress(config, bus, 1, 1);
    v1::Lumentree& options = *AddExampleConverter(config, "inverter").mutable_lumentree();
    options.set_model(v1::Lumentree::MODEL_600);
    options.set_bus(bus);
    if (address != 1) options.set_address(address);
    // The 600 runs on 24 V or 48 V; eight cells are the more common battery for it.
    config.mutable_battery()->set_cells(8);
    config.mutable_battery()->set_capacity_ah(100);
  }

  absl::StatusOr<std::shared_ptr<PowerConverter>> BuildConverter(const v1::Converter& converter,
                                                                 BuildContext& context) const override {
    const auto bus = SerialBusOf(context.site, converter.lumentree().bus());
    if (!bus.ok()) return bus.status();
    return std::make_shared<LumentreeConverter>(
        DriverOptions(converter.lumentree(), *bus),
        context.buses.Modbus(bus->name, bus->port, static_cast<int>(bus->baud)));
  }

  absl::Status CommandSafeState(const v1::Converter& converter, const SafeStateContext& context) const override {
    const auto bus = SerialBusOf(context.site, converter.lumentree().bus());
    if (!bus.ok()) return bus.status();
    return lumentree::CommandSafeState(DriverOptions(converter.lumentree(), *bus), bus->port,
                                       static_cast<int>(bus->baud), context.deadline);
  }

  bool decodes() const override { return true; }
  std::string decode_usage() const override {
    return "[--request HEX] HEX…    a reply, with its CRC; a read's needs its request, as --request or in front";
  }

  absl::StatusOr<std::map<std::string, double>> Decode(const DecodeInput& input) const override {
    return DecodeModbusReply("lumentree", "the inverter's reply", input, lumentree::DecodeFrame);
  }

  const DirectAccess* direct_access() const override { return &LumentreeAccess(); }
};

}  // namespace

const DeviceType& LumentreeType() {
  static const Lumentree type;
  return type;
}

}  // namespace abcds
