#include "hal/drivers/house/embedded_house.h"

#include <atomic>
#include <mutex>
#include <utility>

#include "hal/drivers/house/house_battery.h"
#include "hal/drivers/house/house_converter.h"
#include "hal/drivers/house/house_meter.h"
#include "hal/drivers/house/house_thread.h"
#include "hal/drivers/house/link.h"
#include "hal/sim/house/house.h"
#include "hal/sim/house/profile.h"
#include "hal/sim/house/random.h"

namespace abcds {
namespace {

constexpr size_t kCharger = 0;
constexpr size_t kDischarger = 1;
// The kettle of a small site: the inverter's 1000 W can just about follow it.
constexpr double kApplianceScale = 0.45;

sim::HouseOptions HouseOptionsOf(const EmbeddedHouseOptions& options) {
  sim::Random random(options.seed);
  const auto about = [&](double value) { return value * random.Uniform(0.7, 1.4); };

  sim::ConverterOptions charger;
  charger.lowest = Watts(0);
  charger.highest = options.charge_max;
  charger.minimum = options.charge_min;
  charger.quantum = Watts(5);
  charger.gain = random.Uniform(0.97, 1.02);
  charger.dead_time = FromSeconds(about(0.4));
  charger.start_delay = FromSeconds(about(1.0));
  charger.ramp_up = WattsPerSecond(about(400));
  charger.ramp_down = WattsPerSecond(about(1500));
  charger.efficiency = 0.92;

  sim::ConverterOptions discharger;
  discharger.lowest = -options.discharge_max;
  discharger.highest = Watts(0);
  discharger.minimum = options.discharge_min;
  discharger.quantum = Watts(2);
  discharger.gain = random.Uniform(0.97, 1.02);
  discharger.dead_time = FromSeconds(about(0.25));
  discharger.start_delay = FromSeconds(about(0.5));
  discharger.ramp_up = WattsPerSecond(about(600));
  discharger.ramp_down = WattsPerSecond(about(1500));

  sim::HouseOptions house;
  house.battery.cells = options.cells;
  house.battery.capacity_ah = options.capacity_ah;
  house.battery.soc = options.soc;
  house.battery.resistance = Ohms(0.0015 * options.cells);
  house.meter.interval = options.meter_interval;
  house.meter.averaging = options.meter_interval;
  house.meter.latency = FromSeconds(about(0.5));
  if (!options.steady_load) {
    house.meter.jitter = std::chrono::milliseconds(40);
    house.meter.noise = Watts(2);
  }
  house.meter.seed = options.seed + 1;
  house.converters = {charger, discharger};
  return house;
}

}  // namespace

class EmbeddedHouse::Plant {
 public:
  explicit Plant(const EmbeddedHouseOptions& options)
      : on_setpoint_(options.on_setpoint),
        steady_load_w_(options.steady_load.value_or(Watts(0)).value()),
        house_(HouseOptionsOf(options), MakeLoad(options), MakeSun(options)) {}

  // The house's thread.
  void Step(MonotonicTime now) {
    const std::optional<Watts> message = house_.Step(house::HouseThread::kStep);
    sim::BatteryModel& battery = house_.battery();
    meter.Serve(message, now);
    this->battery.Serve(battery, now);
    charger.Serve(house_.converter(kCharger), battery.voltage(), now);
    discharger.Serve(house_.converter(kDischarger), battery.voltage(), now);
    const std::lock_guard lock(truth_mutex_);
    truth_ = {.grid = house_.grid(),
              .load = house_.load(),
              .sun = house_.sun(),
              .charger = house_.converter(kCharger).power(),
              .discharger = house_.converter(kDischarger).power(),
              .soc = battery.soc()};
  }

  Truth truth() const {
    const std::lock_guard lock(truth_mutex_);
    return truth_;
  }

  void SetSteadyLoad(Watts load) { steady_load_w_.store(load.value()); }

 private:
  class SteadyLoad final : public sim::Profile {
   public:
    explicit SteadyLoad(const std::atomic<double>& watts) : watts_(watts) {}
    Watts At(Nanoseconds /*since_start*/) override { return Watts(watts_.load()); }

   private:
    const std::atomic<double>& watts_;
  };

  std::unique_ptr<sim::Profile> MakeLoad(const EmbeddedHouseOptions& options) const {
    if (options.steady_load) return std::make_unique<SteadyLoad>(steady_load_w_);
    return sim::MakeHousehold(options.seed, kApplianceScale);
  }
  static std::unique_ptr<sim::Profile> MakeSun(const EmbeddedHouseOptions& options) {
    if (options.steady_load) return sim::MakePoints({{0.0, 0.0}});
    return sim::MakeCloudySun(options.seed + 2, options.sun_peak.value(), ToSeconds(options.day));
  }
  house::HouseConverter::OnSetpoint Hook(HouseWire wire) const {
    if (!on_setpoint_) return nullptr;
    return [this, wire](Watts setpoint) { on_setpoint_(wire, setpoint); };
  }

  const std::function<void(HouseWire wire, Watts setpoint)> on_setpoint_;
  std::atomic<double> steady_load_w_;
  sim::House house_;
  mutable std::mutex truth_mutex_;
  Truth truth_;
  house::HouseThread thread_{[this](MonotonicTime now) { Step(now); }};

 public:
  // After the thread they hold.
  house::HouseMeter meter{thread_};
  house::HouseConverter charger{"simulated charger", thread_, Hook(HouseWire::kCharger)};
  house::HouseConverter discharger{"simulated inverter", thread_, Hook(HouseWire::kDischarger)};
  house::HouseBattery battery{thread_};
};

EmbeddedHouse::EmbeddedHouse(const EmbeddedHouseOptions& options) : plant_(std::make_unique<Plant>(options)) {}
EmbeddedHouse::~EmbeddedHouse() = default;

GridMeter& EmbeddedHouse::meter() { return plant_->meter; }
PowerConverter& EmbeddedHouse::charger() { return plant_->charger; }
PowerConverter& EmbeddedHouse::discharger() { return plant_->discharger; }
BatteryMonitor& EmbeddedHouse::battery() { return plant_->battery; }

void EmbeddedHouse::Cut(HouseWire wire, bool cut) {
  switch (wire) {
    case HouseWire::kMeter:
      return plant_->meter.link().Cut(cut);
    case HouseWire::kCharger:
      return plant_->charger.link().Cut(cut);
    case HouseWire::kDischarger:
      return plant_->discharger.link().Cut(cut);
    case HouseWire::kBattery:
      return plant_->battery.link().Cut(cut);
  }
}

void EmbeddedHouse::SetSteadyLoad(Watts load) { plant_->SetSteadyLoad(load); }

EmbeddedHouse::Truth EmbeddedHouse::truth() const { return plant_->truth(); }

}  // namespace abcds
