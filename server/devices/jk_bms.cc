#include "server/devices/jk_bms.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hal/drivers/bus/bus_set.h"
#include "hal/drivers/jk_bms/codec.h"
#include "hal/drivers/jk_bms/device.h"
#include "hal/drivers/jk_bms/recorded.h"
#include "server/config/field_rules.h"
#include "server/devices/hex.h"
#include "server/devices/jk_bms_access.h"
#include "server/devices/serial_bus.h"

namespace abcds {

namespace {

using jk_bms::Status;

// The wire's steps are decimal: 26.48, not 26.480000000000000427.
double Round(double value, double steps) { return std::round(value * steps) / steps; }

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t comma = std::min(text.find(", ", at), text.size());
    words.push_back(text.substr(at, comma - at));
    at = comma + 2;
  }
  return words;
}

DecodedValues ValuesOf(const Status& status) {
  DecodedValues values;
  const auto number = [&values](const char* name, const auto& value) {
    if (value.has_value()) values[name] = static_cast<double>(*value);
  };
  const auto text = [&values](const char* name, const char* content) {
    if (content[0] != '\0') values[name] = std::string(content);
  };
  std::vector<double> temperatures;
  const auto temperature = [&](const char* name, const std::optional<Celsius>& value) {
    if (!value.has_value()) return;
    values[name] = value->value();
    temperatures.push_back(value->value());
  };
  std::vector<double> cells;
  std::vector<double> open_wires;
  for (size_t i = 0; i < status.cells; ++i) {
    cells.push_back(status.cell_mv[i] / 1000.0);
    if (status.cell_mv[i] == 0) open_wires.push_back(static_cast<double>(i + 1));
  }

  values["pack_voltage_v"] = Round(status.voltage.value(), 100);
  if (status.current.has_value()) {
    values["current_a"] = Round(status.current->value(), 100);
    values["power_w"] = Round((status.voltage * *status.current).value(), 10);
  }
  values["soc_percent"] = static_cast<double>(status.soc_percent);
  values["cell_count"] = static_cast<double>(status.cells);
  values["cell_voltages_v"] = cells;
  if (!open_wires.empty()) values["open_sense_wires"] = open_wires;
  temperature("fet_temperature_c", status.fet_temperature);
  temperature("box_temperature_c", status.box_temperature);
  temperature("battery_temperature_c", status.battery_temperature);
  values["temperatures_c"] = temperatures;
  values["charge_switch_on"] = status.charge_fet();
  values["discharge_switch_on"] = status.discharge_fet();
  values["charge_allowed"] = ChargeAllowed(status);
  values["discharge_allowed"] = DischargeAllowed(status);
  values["balancing"] = status.balancing();
  values["warning_bits"] = static_cast<double>(status.warnings);
  values["warnings"] = Words(jk_bms::WarningText(status.warnings));
  number("temperature_sensors", status.temperature_sensors);
  number("cycles", status.cycles);
  number("charged_total_ah", status.charged_total_ah);
  number("capacity_ah", status.capacity_ah);
  number("real_capacity_ah", status.real_capacity_ah);
  number("charge_overcurrent_a", status.charge_overcurrent_a);
  number("discharge_overcurrent_a", status.discharge_overcurrent_a);
  if (status.cell_overvoltage_mv) values["cell_overvoltage_v"] = *status.cell_overvoltage_mv / 1000.0;
  if (status.cell_undervoltage_mv) values["cell_undervoltage_v"] = *status.cell_undervoltage_mv / 1000.0;
  number("address", status.address);
  number("running_time_min", status.running_minutes);
  number("protocol_version", status.protocol_version);
  if (status.unknown_identifier) values["unknown_identifier"] = absl::StrFormat("%02X", *status.unknown_identifier);
  text("device_id", status.device_id.data());
  text("software_version", status.software.data());
  text("manufacturer_id", status.manufacturer_id.data());
  return values;
}

class JkBms final : public DeviceType {
 public:
  DeviceKind kind() const override { return DeviceKind::kBms; }
  std::string name() const override { return "jk-bms"; }
  std::string arm() const override { return "jk_bms"; }
  uint32_t baud() const override { return 115200; }
  std::string bus_protocol() const override { return "4E57"; }

  void AddExample(v1::Config& config) const override {
    v1::Bus& bus = *config.add_bus();
    bus.set_name("bms-line");
    bus.set_port("/dev/ttyUSB9");
    config.mutable_bms()->mutable_jk_bms()->set_bus("bms-line");
  }

  absl::StatusOr<std::shared_ptr<BatteryMonitor>> BuildBms(const v1::Bms& bms, BuildContext& context) const override {
    const v1::JkBms& options = bms.jk_bms();
    JkBmsOptions driver;
    driver.cells = context.site.config.battery().cells();
    driver.below_zero_one_lower = FlagInForce(options, v1::JkBms::kBelowZeroOneLowerFieldNumber);
    const auto bus = SerialBusOf(context.site, options.bus());
    if (!bus.ok()) return bus.status();
    driver.port_label = bus->port;
    const auto line = context.buses.Bytes(bus->name, bus->port, static_cast<int>(bus->baud));
    if (!line.ok()) return line.status();
    return std::make_shared<JkBmsBattery>(driver, **line);
  }

  bool decodes() const override { return true; }
  std::string decode_usage() const override {
    return "[--set below_zero_one_lower=true] HEX…    a reply to \"read all\", whole; pieces are put together";
  }

  absl::StatusOr<DecodedValues> DecodeAll(const DecodeInput& input) const override {
    jk_bms::CodecOptions options;
    for (const auto& [key, value] : input.settings) {
      if (key != "below_zero_one_lower") {
        return absl::InvalidArgumentError(absl::StrCat("jk-bms has no setting \"", key, "\": below_zero_one_lower"));
      }
      if (value != "true" && value != "false") {
        return absl::InvalidArgumentError("below_zero_one_lower must be true or false");
      }
      options.below_zero_one_lower = value == "true";
    }
    if (input.frames.empty()) {
      return absl::InvalidArgumentError("jk-bms wants the BMS's reply in hexadecimal: abcdsctl decode jk-bms 4E57…");
    }
    const auto bytes = ParseHex(input.frames);
    if (!bytes.ok()) return bytes.status();
    const auto status = jk_bms::DecodeRecording(*bytes, options);
    if (!status.ok()) return status.status();
    return ValuesOf(*status);
  }

  const DirectAccess* direct_access() const override { return &JkBmsAccess(); }
};

}  // namespace

const DeviceType& JkBmsType() {
  static const JkBms type;
  return type;
}

}  // namespace abcds
