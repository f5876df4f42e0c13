#include "server/devices/meanwell.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "hal/drivers/meanwell/decode.h"
#include "hal/drivers/meanwell/device.h"
#include "hal/drivers/meanwell/frame_text.h"
#include "hal/drivers/meanwell/safe_state.h"
#include "server/config/field_rules.h"
#include "server/devices/can_bus.h"
#include "server/devices/meanwell_access.h"
#include "server/devices/meanwell_options.h"

namespace abcds {

namespace {

using meanwell::Family;

// Nobody charges a LiFePO4 cell higher.
constexpr double kHighestCellV = 3.65;
// What the lifetime of the memory is reckoned with.
constexpr double kMemoryWrites = 4'000'000;
constexpr double kHoursOfUsePerYear = 365.25 * 10;

double WritesPerHour(double years) { return kMemoryWrites / (years * kHoursOfUsePerYear); }

absl::Status CheckVoltages(const MeanwellOptions& driver, const Site& site) {
  const double highest = kHighestCellV * site.core.battery.cells;
  // 2 % of room for the correction: it shifts the device's scale, not the cells' voltage.
  if (driver.charge_voltage.value() > highest + 0.02 * highest) {
    return absl::InvalidArgumentError(absl::StrCat("charging to ", FormatNumber(driver.charge_voltage.value()),
                                                   " V is more than 3.65 V for each of ", site.core.battery.cells,
                                                   " cells: correct charge_voltage_v or the battery's cells"));
  }
  if (driver.family == Family::kBic && driver.discharge_voltage >= driver.charge_voltage) {
    return absl::InvalidArgumentError(
        absl::StrCat("discharging down to ", FormatNumber(driver.discharge_voltage.value()),
                     " V is not below charging up to ", FormatNumber(driver.charge_voltage.value()), " V"));
  }
  return absl::OkStatus();
}

class Meanwell : public DeviceType {
 public:
  explicit Meanwell(Family family) : family_(family) {}

  DeviceKind kind() const override { return DeviceKind::kConverter; }
  std::string name() const override { return family_ == Family::kBic ? "meanwell-bic" : "meanwell-npb"; }
  std::string arm() const override { return family_ == Family::kBic ? "meanwell_bic" : "meanwell_npb"; }
  BusKind bus_kind() const override { return BusKind::kCan; }

  void AddExample(v1::Config& config) const override {
    const int number = config.converter_size() + 1;
    v1::Converter& converter = *config.add_converter();
    const std::string name = family_ == Family::kBic ? "bic" : "charger";
    converter.set_name(number == 1 ? name : absl::StrCat(name, "-", number));
    if (family_ == Family::kBic) {
      converter.mutable_meanwell_bic()->set_bus(ExampleCanBus(config));
      if (number > 1) converter.mutable_meanwell_bic()->set_address(static_cast<uint32_t>(number - 1));
    } else {
      converter.mutable_meanwell_npb()->set_bus(ExampleCanBus(config));
      if (number > 1) converter.mutable_meanwell_npb()->set_address(static_cast<uint32_t>(4 - number));
    }
    if (!config.has_battery()) config.mutable_battery()->set_cells(family_ == Family::kBic ? 16 : 8);
    config.mutable_battery()->set_capacity_ah(100);
  }

  absl::StatusOr<std::shared_ptr<PowerConverter>> BuildConverter(const v1::Converter& converter,
                                                                 BuildContext& context) const override {
    const auto line = CanLineOf(context.site, MeanwellBusName(converter));
    if (!line.ok()) return line.status();
    MeanwellOptions driver = MeanwellDriverOptions(converter, context.site, *line);
    if (absl::Status status = CheckVoltages(driver, context.site); !status.ok()) return status;
    driver.ledger = &context.ledger;
    return std::make_shared<MeanwellConverter>(driver, context.buses.Can(MeanwellBusName(converter), *line));
  }

  absl::Status CommandSafeState(const v1::Converter& converter, const SafeStateContext& context) const override {
    absl::Status result;
    CommandSafeStateTogether({&converter}, context, [&result](size_t, const absl::Status& status) { result = status; });
    return result;
  }

  bool safe_state_together() const override { return true; }
  void CommandSafeStateTogether(const std::vector<const v1::Converter*>& converters, const SafeStateContext& context,
                                const SafeStateReports& report) const override {
    const auto line = CanLineOf(context.site, MeanwellBusName(*converters.front()));
    if (!line.ok()) {
      for (size_t i = 0; i < converters.size(); ++i) report(i, line.status());
      return;
    }
    std::vector<MeanwellOptions> units;
    for (const v1::Converter* converter : converters) {
      units.push_back(MeanwellDriverOptions(*converter, context.site, *line));
      units.back().ledger = &context.ledger;
    }
    const meanwell::Line can = {.interface = line->interface,
                                .slcan_port = line->slcan_port,
                                .bitrate = line->bitrate,
                                .bring_up = line->bring_up};
    meanwell::CommandSafeState(units, can, context.deadline, report);
  }

  const DirectAccess* direct_access() const override { return &MeanwellAccess(family_); }

  bool decodes() const override { return true; }
  bool decodes_text() const override { return true; }
  std::string decode_usage() const override {
    return "[--set unit=HEX] FRAME…    ID#DATA, or lines of candump, SLCAN or python-can; none: from standard input";
  }

  absl::StatusOr<DecodedValues> DecodeAll(const DecodeInput& input) const override {
    std::optional<uint8_t> unit;
    for (const auto& [key, value] : input.settings) {
      uint32_t number = 0;
      if (key != "unit") return absl::InvalidArgumentError(absl::StrCat(name(), " has no setting \"", key, "\""));
      if (!absl::SimpleHexAtoi(value, &number) || number > 0xFF) {
        return absl::InvalidArgumentError(absl::StrCat("unit wants two hexadecimal digits, not \"", value, "\""));
      }
      unit = static_cast<uint8_t>(number);
    }
    if (input.request.has_value()) {
      return absl::InvalidArgumentError("requests are frames like any other here: no --request");
    }
    return meanwell::DecodeLog(
        family_, input.frames.empty() ? meanwell::LinesOfText(input.body) : meanwell::LinesOfArguments(input.frames),
        unit);
  }

 protected:
  // Users saw starts of 1 to 4 s and 15 A/s; the rest is assumed, on the slow side. The limits are the largest model's:
  // the device says itself what it can.
  static ConverterSettings CommonDefaults(double memory_lifetime_years) {
    ConverterSettings settings;
    settings.charges = true;
    settings.deadband = Watts(10);
    settings.minimum_interval = std::chrono::milliseconds(500);
    settings.reports_power = true;
    settings.efficiency = kMeanwellEfficiency;
    settings.writes_per_hour = WritesPerHour(memory_lifetime_years);
    settings.response.dead_time = std::chrono::milliseconds(200);
    settings.response.start_delay = std::chrono::milliseconds(1500);
    settings.response.ramp_up = WattsPerSecond(450);
    settings.response.ramp_down = WattsPerSecond(1000);
    settings.response.lag = Nanoseconds(0);
    settings.response.readback_latency = std::chrono::milliseconds(400);
    settings.response.uncertainty = 0.45;
    return settings;
  }

 private:
  const Family family_;
};

class MeanwellNpb final : public Meanwell {
 public:
  MeanwellNpb() : Meanwell(Family::kNpb) {}

  ConverterSettings ConverterDefaults(const v1::Converter& converter) const override {
    ConverterSettings settings =
        CommonDefaults(NumberInForce(converter.meanwell_npb(), v1::MeanwellNpb::kMemoryLifetimeYearsFieldNumber));
    settings.max_charge = Watts(1700 / kMeanwellEfficiency);
    return settings;
  }
};

class MeanwellBic final : public Meanwell {
 public:
  MeanwellBic() : Meanwell(Family::kBic) {}

  ConverterSettings ConverterDefaults(const v1::Converter& converter) const override {
    ConverterSettings settings =
        CommonDefaults(NumberInForce(converter.meanwell_bic(), v1::MeanwellBic::kMemoryLifetimeYearsFieldNumber));
    settings.discharges = true;
    settings.max_charge = Watts(2160 / kMeanwellEfficiency);
    settings.max_discharge = Watts(1720);
    settings.response.ramp_up = WattsPerSecond(1500);
    settings.response.ramp_down = WattsPerSecond(3000);
    return settings;
  }
};

}  // namespace

const DeviceType& MeanwellBicType() {
  static const MeanwellBic type;
  return type;
}

const DeviceType& MeanwellNpbType() {
  static const MeanwellNpb type;
  return type;
}

}  // namespace abcds
