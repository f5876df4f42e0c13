#include "hal/sim/site.h"

#include <cmath>
#include <utility>

#include "hal/sim/house/random.h"

namespace abcds::sim {
namespace {

constexpr size_t kInverter = 0;
constexpr double kMainsV = 231.7;
constexpr double kJoulesPerWh = 3600.0;

Watts MinimumOf(int lumentree_model) { return Watts(lumentree_model == 600 ? 28 : lumentree_model == 1000 ? 25 : 75); }

HouseOptions HouseOptionsOf(const SiteOptions& options) {
  Random random(options.seed);
  const auto spread = [&](Nanoseconds d) { return FromSeconds(ToSeconds(d) * random.Factor(options.spread)); };
  HouseOptions house;
  house.battery.cells = options.cells;
  house.battery.capacity_ah = options.capacity_ah;
  house.battery.soc = options.soc;
  house.battery.resistance = Ohms(0.0015 * options.cells);
  house.meter = options.meter;
  house.meter.latency = spread(options.meter.latency);
  house.meter.seed = options.seed + 1;
  ConverterOptions inverter = NominalInverter(options.lumentree_model);
  inverter.dead_time = spread(inverter.dead_time);
  inverter.start_delay = spread(inverter.start_delay);
  inverter.ramp_up = inverter.ramp_up * random.Factor(options.spread);
  inverter.ramp_down = inverter.ramp_down * random.Factor(options.spread);
  inverter.readback_refresh = spread(inverter.readback_refresh);
  house.converters = {inverter};
  return house;
}

}  // namespace

ConverterOptions NominalInverter(int lumentree_model) {
  // The rest is the model's default: gain 0.985, 2 W steps, 0.25 s dead time, 0.5 s more from 0 W, +600 and -1500 W/s.
  ConverterOptions inverter;
  inverter.lowest = Watts(-lumentree_model);
  inverter.highest = Watts(0);
  inverter.minimum = MinimumOf(lumentree_model);
  inverter.power_on = Watts(-lumentree_model);
  return inverter;
}

// The profile, or what a command says.
class Site::Load final : public Profile {
 public:
  explicit Load(std::unique_ptr<Profile> profile) : profile_(std::move(profile)) {}
  Watts At(Nanoseconds since_start) override {
    const Watts load = profile_->At(since_start);
    return instead_.value_or(load);
  }
  void Set(std::optional<Watts> instead) { instead_ = instead; }

 private:
  const std::unique_ptr<Profile> profile_;
  std::optional<Watts> instead_;
};

Site::Site(const SiteOptions& options, std::unique_ptr<Profile> load, std::unique_ptr<Profile> sun) {
  auto switchable = std::make_unique<Load>(std::move(load));
  load_ = switchable.get();
  house_ = std::make_unique<House>(HouseOptionsOf(options), std::move(switchable), std::move(sun));
}

Site::~Site() {
  if (bms_ != nullptr) bms_->Stop();
  if (line_ != nullptr) line_->Stop();
}

absl::StatusOr<std::unique_ptr<Site>> Site::Open(const SiteOptions& options, std::unique_ptr<Profile> load,
                                                 std::unique_ptr<Profile> sun) {
  std::unique_ptr<Site> site(new Site(options, std::move(load), std::move(sun)));
  if (const absl::Status status = site->OpenWires(options); !status.ok()) return status;
  return site;
}

absl::Status Site::OpenBrokerAndMeter(const SiteOptions& options) {
  broker_port_ = options.broker_port;
  std::string host = options.broker_host;
  if (host.empty()) {
    host = "127.0.0.1";
    broker_.emplace();
    if (const absl::Status status = broker_->Start(); !status.ok()) return status;
    broker_port_ = broker_->port();
  }
  meter_ = std::make_unique<MqttMeterWire>(
      MqttMeterWire::Options{.host = host, .port = broker_port_, .topic = options.topic, .format = options.format});
  return meter_->Connect();
}

absl::Status Site::OpenShelly(const SiteOptions& options) {
  ShellyMeterWire::Options wire;
  wire.port = options.http_port;
  shelly_ = std::make_unique<ShellyMeterWire>(wire);
  return shelly_->Start();
}

absl::Status Site::OpenWires(const SiteOptions& options) {
  const absl::Status meter = options.shelly ? OpenShelly(options) : OpenBrokerAndMeter(options);
  if (!meter.ok()) return meter;
  absl::StatusOr<std::unique_ptr<ModbusLine>> line = ModbusLine::Open({.link = options.pty});
  if (!line.ok()) return line.status();
  inverter_ = std::make_unique<LumentreeInverter>(Plant(), options.lumentree_model);
  line_ = *std::move(line);
  line_->Attach(options.address, *inverter_);
  line_->Start();

  if (options.bms_pty.empty()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<JkBmsLine>> bms = JkBmsLine::Open(options.bms_pty, [this] { return Cells(); });
  if (!bms.ok()) return bms.status();
  bms_ = *std::move(bms);
  bms_->Start();
  return absl::OkStatus();
}

// The pack as a BMS measures it: the cells lie evenly between the lowest and the highest, and its protections work.
JkReadings Site::Cells() const {
  const std::lock_guard lock(mutex_);
  const BatteryModel& battery = house_->battery();
  const int cells = battery.options().cells;
  const double lowest_mv = 1000 * battery.cell_lowest().value();
  const double step_mv = cells > 1 ? (1000 * battery.cell_highest().value() - lowest_mv) / (cells - 1) : 0;
  JkReadings readings;
  for (int i = 0; i < cells; ++i) {
    readings.cell_mv.push_back(static_cast<int>(std::lround(lowest_mv + i * step_mv)));
  }
  readings.voltage_v = battery.voltage().value();
  readings.current_a = battery.current().value();
  readings.soc_percent = static_cast<int>(std::lround(100 * battery.soc().value()));
  readings.battery_c = static_cast<int>(std::lround(battery.temperature().value()));
  readings.box_c = readings.battery_c + 1;
  constexpr int kCellHighestMv = 3650;
  constexpr int kCellLowestMv = 2600;
  if (readings.cell_mv.back() >= kCellHighestMv) {
    readings.warnings |= 1 << 10;
    readings.charge_switch = false;
  }
  if (readings.cell_mv.front() <= kCellLowestMv) {
    readings.warnings |= 1 << 11;
    readings.discharge_switch = false;
  }
  return readings;
}

LumentreePlant Site::Plant() {
  LumentreePlant plant;
  plant.output_w = [this] {
    const std::lock_guard lock(mutex_);
    return -house_->converter(kInverter).readback().value();
  };
  plant.set_w = [this](double power_w) { OnSetpoint(power_w); };
  plant.restart = [this] {
    const std::lock_guard lock(mutex_);
    house_->converter(kInverter).Restart();
  };
  plant.dc_voltage_v = [this] {
    const std::lock_guard lock(mutex_);
    return house_->battery().voltage().value();
  };
  plant.ac_voltage_v = [this] {
    const std::lock_guard lock(mutex_);
    return mains_ ? kMainsV : 0.0;
  };
  return plant;
}

void Site::OnSetpoint(double power_w) {
  const std::lock_guard lock(mutex_);
  const Watts setpoint(power_w == 0.0 ? 0.0 : -power_w);
  ConverterModel& inverter = house_->converter(kInverter);
  if (!regulated_ || inverter.setpoint() != setpoint) ++totals_.setpoint_changes;
  ++totals_.setpoint_writes;
  regulated_ = true;
  inverter.Set(setpoint);
}

void Site::Step(Nanoseconds dt) {
  std::optional<Watts> message;
  {
    const std::lock_guard lock(mutex_);
    message = house_->Step(dt);
    if (regulated_) {
      const double joules = house_->grid().value() * ToSeconds(dt);
      totals_.seconds += ToSeconds(dt);
      totals_.absolute_error_ws += std::abs(joules);
      (joules > 0 ? totals_.import_wh : totals_.export_wh) += std::abs(joules) / kJoulesPerWh;
    }
  }
  if (message && shelly_ != nullptr) shelly_->Measure(*message);
  if (message && meter_ != nullptr) meter_->Publish(*message);
}

SiteView Site::View() const {
  const std::lock_guard lock(mutex_);
  const ConverterModel& inverter = house_->converter(kInverter);
  return {.now = house_->now(),
          .grid = house_->grid(),
          .load = house_->load(),
          .sun = house_->sun(),
          .inverter = inverter.power(),
          .setpoint = inverter.setpoint(),
          .soc = house_->battery().soc(),
          .battery = house_->battery().voltage(),
          .totals = totals_};
}

void Site::SetLoad(std::optional<Watts> load) {
  const std::lock_guard lock(mutex_);
  load_->Set(load);
}

void Site::SetMains(bool present) {
  const std::lock_guard lock(mutex_);
  mains_ = present;
  // It falls as fast as it can; when the mains are back, the inverter itself restarts the model.
  house_->converter(kInverter).Limit(present ? Watts(1e9) : Watts(0));
}

void Site::SetInverterLimit(std::optional<Watts> limit) {
  const std::lock_guard lock(mutex_);
  house_->converter(kInverter).Limit(limit.value_or(Watts(1e9)));
}

}  // namespace abcds::sim
