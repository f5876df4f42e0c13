#include "server/devices/house.h"

#include "hal/drivers/house/embedded_house.h"
#include "server/config/scope.h"

namespace abcds {

namespace {

// The four devices are faces of one house, which has the configured battery and meter interval.
std::shared_ptr<EmbeddedHouse> HouseOf(BuildContext& context) {
  std::shared_ptr<void>& shared = context.shared["house"];
  if (shared == nullptr) {
    EmbeddedHouseOptions options;
    options.cells = context.site.core.battery.cells;
    options.capacity_ah = context.site.config.battery().capacity_ah();
    options.meter_interval = context.site.core.meter.interval;
    shared = std::make_shared<EmbeddedHouse>(options);
  }
  return std::static_pointer_cast<EmbeddedHouse>(shared);
}

class HouseType : public DeviceType {
 public:
  std::string name() const override { return "house"; }
  bool simulated() const override { return true; }
};

class HouseMeter final : public HouseType {
 public:
  DeviceKind kind() const override { return DeviceKind::kMeter; }
  std::string arm() const override { return "house"; }

  void CheckMeter(const v1::Meter& meter, const Scope& scope) const override {
    if (meter.invert()) {
      scope.Add(Field(meter, v1::Meter::kInvertFieldNumber),
                "= true: the simulated house's meter counts import as positive");
    }
  }

  void AddExample(v1::Config& config) const override {
    config.mutable_meter()->mutable_house();
    config.mutable_battery()->set_cells(8);
    config.mutable_battery()->set_capacity_ah(100);
  }

  absl::StatusOr<std::shared_ptr<GridMeter>> BuildMeter(const v1::Meter&, BuildContext& context) const override {
    const auto house = HouseOf(context);
    return std::shared_ptr<GridMeter>(house, &house->meter());
  }
};

class HouseConverterType : public HouseType {
 public:
  DeviceKind kind() const override { return DeviceKind::kConverter; }

  // They live in the worker's own memory: with it they have gone, and their power too.
  absl::Status CommandSafeState(const v1::Converter&, const SafeStateContext&) const override {
    return absl::OkStatus();
  }
};

// What the configuration believes of the house's converters. Their real constants are drawn from a seed and differ, as
// those of real devices do.
class HouseCharger final : public HouseConverterType {
 public:
  std::string arm() const override { return "house_charger"; }

  ConverterSettings ConverterDefaults(const v1::Converter&) const override {
    const EmbeddedHouseOptions house;
    ConverterSettings settings;
    settings.charges = true;
    settings.min_charge = house.charge_min;
    settings.max_charge = house.charge_max;
    settings.response.dead_time = std::chrono::milliseconds(400);
    settings.response.start_delay = std::chrono::seconds(1);
    settings.response.ramp_up = WattsPerSecond(400);
    settings.response.ramp_down = WattsPerSecond(1500);
    settings.response.readback_latency = std::chrono::milliseconds(400);
    return settings;
  }

  void AddExample(v1::Config& config) const override {
    v1::Converter& converter = *config.add_converter();
    converter.set_name("charger");
    converter.mutable_house_charger();
  }

  absl::StatusOr<std::shared_ptr<PowerConverter>> BuildConverter(const v1::Converter&,
                                                                 BuildContext& context) const override {
    const auto house = HouseOf(context);
    return std::shared_ptr<PowerConverter>(house, &house->charger());
  }
};

class HouseDischarger final : public HouseConverterType {
 public:
  std::string arm() const override { return "house_discharger"; }

  ConverterSettings ConverterDefaults(const v1::Converter&) const override {
    const EmbeddedHouseOptions house;
    ConverterSettings settings;
    settings.discharges = true;
    settings.min_discharge = house.discharge_min;
    settings.max_discharge = house.discharge_max;
    settings.response.dead_time = std::chrono::milliseconds(250);
    settings.response.start_delay = std::chrono::milliseconds(500);
    settings.response.ramp_up = WattsPerSecond(600);
    settings.response.ramp_down = WattsPerSecond(1500);
    settings.response.readback_latency = std::chrono::milliseconds(400);
    return settings;
  }

  void AddExample(v1::Config& config) const override {
    v1::Converter& converter = *config.add_converter();
    converter.set_name("inverter");
    converter.mutable_house_discharger();
  }

  absl::StatusOr<std::shared_ptr<PowerConverter>> BuildConverter(const v1::Converter&,
                                                                 BuildContext& context) const override {
    const auto house = HouseOf(context);
    return std::shared_ptr<PowerConverter>(house, &house->discharger());
  }
};

class HouseBms final : public HouseType {
 public:
  DeviceKind kind() const override { return DeviceKind::kBms; }
  std::string arm() const override { return "house"; }

  void AddExample(v1::Config& config) const override { config.mutable_bms()->mutable_house(); }

  absl::StatusOr<std::shared_ptr<BatteryMonitor>> BuildBms(const v1::Bms&, BuildContext& context) const override {
    const auto house = HouseOf(context);
    return std::shared_ptr<BatteryMonitor>(house, &house->battery());
  }
};

}  // namespace

const DeviceType& HouseMeterType() {
  static const HouseMeter type;
  return type;
}

const DeviceType& HouseChargerType() {
  static const HouseCharger type;
  return type;
}

const DeviceType& HouseDischargerType() {
  static const HouseDischarger type;
  return type;
}

const DeviceType& HouseBmsType() {
  static const HouseBms type;
  return type;
}

}  // namespace abcds
