#include "server/devices/meanwell.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "hal/drivers/meanwell/decode.h"
#include "hal/drivers/meanwell/device.h"
#include "hal/drivers/meanwell/frame_text.h"
#include "hal/drivers/meanwell/safe_state.h"
#include "server/config/field_rules.h"
#include "server/config/scope.h"
#include "server/devices/can_bus.h"
#include "server/devices/example.h"
#include "server/devices/meanwell_access.h"
#include "server/devices/meanwell_options.h"

namespace abcds {

namespace {

using meanwell::Family;

// Nobody charges a LiFePO4 cell higher, nor empties it further.
constexpr double kHighestCellV = 3.65;
constexpr double kLowestCellV = 2.5;
// It shifts the device's scale, which is not off by more, and not the cells' voltage.
constexpr double kMostCorrection = 0.02;
// What the lifetime of the memory is reckoned with.
constexpr double kMemoryWrites = 4'000'000;
constexpr double kHoursOfUsePerYear = 365.25 * 10;

double WritesPerHour(double years) { return std::floor(kMemoryWrites / (years * kHoursOfUsePerYear) * 10) / 10; }

// At the AC side, as whole watts: people read it and write it.
Watts AcPower(double dc_w) { return Watts(std::floor(dc_w / kMeanwellEfficiency)); }

// The voltages of one Mean Well message against the cells; an absent one follows from them and fits.
class VoltageCheck {
 public:
  VoltageCheck(const google::protobuf::Message& options, const v1::Battery& battery, const Scope& scope)
      : options_(options),
        cells_(battery.cells()),
        full_(kHighestCellV * cells_),
        empty_(cells_ * NumberInForce(battery, v1::Battery::kCellVoltageMinFieldNumber)),
        charge_(cells_ * NumberInForce(battery, v1::Battery::kCellVoltageMaxFieldNumber)),
        scope_(scope) {}

  void Charge(int voltage, int correction) {
    if (IsGiven(options_, voltage)) {
      charge_ = NumberInForce(options_, voltage);
      if (charge_ > full_) {
        Refuse(voltage, absl::StrCat(" is more than ", FormatNumber(kHighestCellV), " V for each of the ", cells_,
                                     " cells, ", Short(full_), " V together"));
      } else if (charge_ <= empty_) {
        Refuse(voltage, absl::StrCat(" is not above ", Short(empty_), " V, where the ", cells_, " cells are empty"));
      }
    }
    const double shift = NumberInForce(options_, correction);
    if (charge_ <= full_ && charge_ + shift > full_ * (1 + kMostCorrection)) {
      Refuse(correction, absl::StrCat(" sets the device to ", Short(charge_ + shift), " V: more than 2 % above ",
                                      FormatNumber(kHighestCellV), " V for each of the ", cells_, " cells"));
    }
  }

  void Discharge(int voltage) {
    if (!IsGiven(options_, voltage)) return;
    const double discharge = NumberInForce(options_, voltage);
    if (discharge >= charge_) {
      Refuse(voltage, absl::StrCat(" is not below ", Short(charge_), " V, up to which it charges"));
    } else if (discharge < kLowestCellV * cells_) {
      Refuse(voltage, absl::StrCat(" is less than ", FormatNumber(kLowestCellV), " V for each of the ", cells_,
                                   " cells, ", Short(kLowestCellV * cells_), " V together"));
    }
  }

 private:
  static std::string Short(double volts) { return FormatNumber(std::round(volts * 100) / 100); }

  void Refuse(int field, const std::string& why) {
    scope_.Add(*options_.GetDescriptor()->FindFieldByNumber(field),
               absl::StrCat("= ", FormatNumber(NumberInForce(options_, field)), why));
  }

  const google::protobuf::Message& options_;
  const uint32_t cells_;
  const double full_;
  const double empty_;
  double charge_;
  const Scope scope_;
};

class Meanwell : public DeviceType {
 public:
  explicit Meanwell(Family family) : family_(family) {}

  DeviceKind kind() const override { return DeviceKind::kConverter; }
  std::string name() const override { return family_ == Family::kBic ? "meanwell-bic" : "meanwell-npb"; }
  std::string arm() const override { return family_ == Family::kBic ? "meanwell_bic" : "meanwell_npb"; }
  BusKind bus_kind() const override { return BusKind::kCan; }

  absl::StatusOr<std::shared_ptr<PowerConverter>> BuildConverter(const v1::Converter& converter,
                                                                 BuildContext& context) const override {
    const auto line = CanLineOf(context.site, MeanwellBusName(converter));
    if (!line.ok()) return line.status();
    MeanwellOptions driver = MeanwellDriverOptions(converter, context.site, *line);
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

  void CheckAgainstBattery(const v1::Converter& converter, const v1::Battery& battery,
                           const Scope& scope) const override {
    using v1::MeanwellNpb;
    VoltageCheck check(converter.meanwell_npb(), battery,
                       scope.Nested(Field(converter, v1::Converter::kMeanwellNpbFieldNumber)));
    check.Charge(MeanwellNpb::kChargeVoltageVFieldNumber, MeanwellNpb::kVoltageCorrectionVFieldNumber);
  }

  void AddExample(v1::Config& config) const override {
    const std::string bus = ExampleCanBus(config);
    const uint32_t address = FreeAddress(config, bus, 3, -1);
    v1::MeanwellNpb& npb = *AddExampleConverter(config, "charger").mutable_meanwell_npb();
    npb.set_bus(bus);
    if (address != 3) npb.set_address(address);
    if (!config.has_battery()) config.mutable_battery()->set_cells(8);
    config.mutable_battery()->set_capacity_ah(100);
  }

  ConverterSettings ConverterDefaults(const v1::Converter& converter) const override {
    ConverterSettings settings =
        CommonDefaults(NumberInForce(converter.meanwell_npb(), v1::MeanwellNpb::kMemoryLifetimeYearsFieldNumber));
    settings.max_charge = AcPower(1700);
    return settings;
  }
};

class MeanwellBic final : public Meanwell {
 public:
  MeanwellBic() : Meanwell(Family::kBic) {}

  void CheckAgainstBattery(const v1::Converter& converter, const v1::Battery& battery,
                           const Scope& scope) const override {
    using v1::MeanwellBic;
    VoltageCheck check(converter.meanwell_bic(), battery,
                       scope.Nested(Field(converter, v1::Converter::kMeanwellBicFieldNumber)));
    check.Charge(MeanwellBic::kChargeVoltageVFieldNumber, MeanwellBic::kChargeVoltageCorrectionVFieldNumber);
    check.Discharge(MeanwellBic::kDischargeVoltageVFieldNumber);
  }

  void AddExample(v1::Config& config) const override {
    const std::string bus = ExampleCanBus(config);
    const uint32_t address = FreeAddress(config, bus, 0, 1);
    v1::MeanwellBic& bic = *AddExampleConverter(config, "bic").mutable_meanwell_bic();
    bic.set_bus(bus);
    if (address != 0) bic.set_address(address);
    if (!config.has_battery()) config.mutable_battery()->set_cells(16);
    config.mutable_battery()->set_capacity_ah(100);
  }

  ConverterSettings ConverterDefaults(const v1::Converter& converter) const override {
    ConverterSettings settings =
        CommonDefaults(NumberInForce(converter.meanwell_bic(), v1::MeanwellBic::kMemoryLifetimeYearsFieldNumber));
    settings.discharges = true;
    settings.max_charge = AcPower(2160);
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
