#include "server/devices/trucki.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/drivers/bus/bus_set.h"
#include "hal/drivers/trucki/codec.h"
#include "hal/drivers/trucki/device.h"
#include "hal/drivers/trucki/recorded.h"
#include "hal/drivers/trucki/safe_state.h"
#include "server/config/field_rules.h"
#include "server/devices/example.h"
#include "server/devices/serial_bus.h"
#include "server/devices/trucki_access.h"

namespace abcds {

namespace {

using trucki::Model;
using trucki::Traits;
using trucki::TraitsOf;

// 1000 while the file does not say: the least that any of them can do.
Model ModelOf(const v1::Trucki& options) {
  return options.model() == v1::Trucki::MODEL_2000 ? Model::k2000 : Model::k1000;
}

TruckiOptions DriverOptions(const v1::Trucki& options, const Site::SerialBus& bus) {
  TruckiOptions driver;
  driver.model = ModelOf(options);
  driver.old_firmware = !FlagInForce(options, v1::Trucki::kNewerFirmwareFieldNumber);
  driver.address = static_cast<uint8_t>(NumberInForce(options, v1::Trucki::kAddressFieldNumber));
  driver.port_label = bus.port;
  return driver;
}

class Trucki final : public DeviceType {
 public:
  DeviceKind kind() const override { return DeviceKind::kConverter; }
  std::string name() const override { return "trucki"; }
  std::string arm() const override { return "trucki"; }
  uint32_t baud() const override { return 9600; }
  std::string bus_protocol() const override { return "Modbus RTU"; }

  void CheckConverter(const v1::Converter& converter, const Scope& scope) const override {
    const bool old_firmware = !FlagInForce(converter.trucki(), v1::Trucki::kNewerFirmwareFieldNumber);
    if (!old_firmware || !converter.has_min_discharge_w()) return;
    if (converter.min_discharge_w() >= trucki::kOldFirmwareMinimum.value()) return;
    scope.Add(Field(converter, v1::Converter::kMinDischargeWFieldNumber),
              absl::StrCat("= ", FormatNumber(converter.min_discharge_w()),
                           ": boards with firmware up to 1.08 may jump to full power below 76 W; give at least 76, or "
                           "trucki.newer_firmware: true"));
  }

  // The board's maker says that the output is roughly there after 0.1 s, and exactly after several times 1.3 s, with
  // which it follows the display; the rest is assumed, on the slow side.
  ConverterSettings ConverterDefaults(const v1::Converter& converter) const override {
    const Traits& traits = TraitsOf(ModelOf(converter.trucki()));
    ConverterSettings settings;
    settings.discharges = true;
    const bool newer_firmware = FlagInForce(converter.trucki(), v1::Trucki::kNewerFirmwareFieldNumber);
    settings.min_discharge =
        newer_firmware ? traits.min_power : std::max(traits.min_power, trucki::kOldFirmwareMinimum);
    settings.max_discharge = traits.max_power;
    settings.deadband = Watts(10);
    settings.minimum_interval = std::chrono::milliseconds(500);
    settings.reports_power = true;
    settings.response.dead_time = std::chrono::milliseconds(300);
    settings.response.start_delay = std::chrono::milliseconds(500);
    settings.response.ramp_up = WattsPerSecond(1000);
    settings.response.ramp_down = WattsPerSecond(2000);
    settings.response.lag = std::chrono::milliseconds(300);
    settings.response.readback_latency = std::chrono::milliseconds(1500);
    settings.response.uncertainty = 0.4;
    return settings;
  }

  void AddExample(v1::Config& config) const override {
    const std::string bus = ExampleModbusBus(config);
    const uint32_t address = FreeAddress(config, bus, 1, 1);
    v1::Trucki& options = *AddExampleConverter(config, "inverter").mutable_trucki();
    options.set_model(v1::Trucki::MODEL_1000);
    options.set_bus(bus);
    if (address != 1) options.set_address(address);
    config.mutable_battery()->set_cells(16);
    config.mutable_battery()->set_capacity_ah(100);
  }

  absl::StatusOr<std::shared_ptr<PowerConverter>> BuildConverter(const v1::Converter& converter,
                                                                 BuildContext& context) const override {
    const auto bus = SerialBusOf(context.site, converter.trucki().bus());
    if (!bus.ok()) return bus.status();
    return std::make_shared<TruckiConverter>(DriverOptions(converter.trucki(), *bus),
                                             context.buses.Modbus(bus->name, bus->port, static_cast<int>(bus->baud)));
  }

  absl::Status CommandSafeState(const v1::Converter& converter, const SafeStateContext& context) const override {
    const auto bus = SerialBusOf(context.site, converter.trucki().bus());
    if (!bus.ok()) return bus.status();
    return trucki::CommandSafeState(DriverOptions(converter.trucki(), *bus), bus->port, static_cast<int>(bus->baud),
                                    context.deadline);
  }

  bool decodes() const override { return true; }
  std::string decode_usage() const override {
    return "[--request HEX] HEX…    a reply, with its CRC; a read's needs its request, as --request or in front; or a "
           "status "
           "telegram";
  }

  absl::StatusOr<std::map<std::string, double>> Decode(const DecodeInput& input) const override {
    return DecodeModbusReply("trucki", "the board's reply or its telegram", input, trucki::DecodeFrame);
  }

  const DirectAccess* direct_access() const override { return &TruckiAccess(); }
};

}  // namespace

const DeviceType& TruckiType() {
  static const Trucki type;
  return type;
}

}  // namespace abcds
