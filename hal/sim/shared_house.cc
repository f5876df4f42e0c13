#include "hal/sim/shared_house.h"

#include <cmath>
#include <utility>

namespace abcds::sim {
namespace {

constexpr double kMainsV = 231.7;
constexpr double kJoulesPerWh = 3600.0;
constexpr Watts kUnlimited(1e9);

}  // namespace

// The profile, or what a command says.
class SharedHouse::Load final : public Profile {
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

SharedHouse::SharedHouse(const HouseOptions& options, std::unique_ptr<Profile> load, std::unique_ptr<Profile> sun)
    : mains_(options.converters.size(), true) {
  auto switchable = std::make_unique<Load>(std::move(load));
  load_ = switchable.get();
  house_ = std::make_unique<House>(options, std::move(switchable), std::move(sun));
}

SharedHouse::~SharedHouse() = default;

std::optional<Watts> SharedHouse::Step(Nanoseconds dt) {
  const std::lock_guard lock(mutex_);
  const std::optional<Watts> message = house_->Step(dt);
  if (regulated_) {
    const double joules = house_->grid().value() * ToSeconds(dt);
    totals_.seconds += ToSeconds(dt);
    totals_.absolute_error_ws += std::abs(joules);
    (joules > 0 ? totals_.import_wh : totals_.export_wh) += std::abs(joules) / kJoulesPerWh;
  }
  return message;
}

SiteView SharedHouse::View() const {
  const std::lock_guard lock(mutex_);
  SiteView view{.now = house_->now(),
                .grid = house_->grid(),
                .load = house_->load(),
                .sun = house_->sun(),
                .inverter = Watts(0),
                .setpoint = Watts(0),
                .converters = {},
                .soc = house_->battery().soc(),
                .battery = house_->battery().voltage(),
                .totals = totals_};
  for (size_t i = 0; i < house_->converter_count(); ++i) {
    const ConverterModel& converter = house_->converter(i);
    view.converters.push_back({.power = converter.power(), .setpoint = converter.setpoint()});
    view.inverter = view.inverter + converter.power();
    view.setpoint = view.setpoint + converter.setpoint();
  }
  return view;
}

InverterPlant SharedHouse::Inverter(size_t index) {
  InverterPlant plant;
  plant.output_w = [this, index] {
    const std::lock_guard lock(mutex_);
    return -house_->converter(index).readback().value();
  };
  plant.set_w = [this, index](double power_w) { OnSetpoint(index, Watts(power_w == 0.0 ? 0.0 : -power_w)); };
  plant.restart = [this, index] {
    const std::lock_guard lock(mutex_);
    house_->converter(index).Restart();
  };
  plant.dc_voltage_v = [this] {
    const std::lock_guard lock(mutex_);
    return house_->battery().voltage().value();
  };
  plant.ac_voltage_v = [this, index] {
    const std::lock_guard lock(mutex_);
    return mains_[index] ? kMainsV : 0.0;
  };
  return plant;
}

void SharedHouse::OnSetpoint(size_t index, Watts setpoint) {
  const std::lock_guard lock(mutex_);
  ConverterModel& converter = house_->converter(index);
  if (!regulated_ || converter.setpoint() != setpoint) ++totals_.setpoint_changes;
  ++totals_.setpoint_writes;
  regulated_ = true;
  converter.Set(setpoint);
}

void SharedHouse::SetLoad(std::optional<Watts> load) {
  const std::lock_guard lock(mutex_);
  load_->Set(load);
}

void SharedHouse::SetMains(size_t index, bool present) {
  const std::lock_guard lock(mutex_);
  mains_[index] = present;
  // It falls as fast as it can; when the mains are back, the device itself restarts the model.
  house_->converter(index).Limit(present ? kUnlimited : Watts(0));
}

void SharedHouse::SetLimit(size_t index, std::optional<Watts> limit) {
  const std::lock_guard lock(mutex_);
  house_->converter(index).Limit(limit.value_or(kUnlimited));
}

}  // namespace abcds::sim
