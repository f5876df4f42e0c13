// The house as the devices' threads see it: behind a mutex.
#ifndef ABCDS_HAL_SIM_SHARED_HOUSE_H_
#define ABCDS_HAL_SIM_SHARED_HOUSE_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "hal/sim/house/house.h"
#include "hal/sim/house/profile.h"
#include "hal/sim/wire/inverter_plant.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::sim {

// What happened since the first setpoint arrived; before that nobody regulates.
struct SiteTotals {
  double seconds = 0;
  double absolute_error_ws = 0;  // integral of the grid power's magnitude
  double import_wh = 0;
  double export_wh = 0;
  uint64_t setpoint_writes = 0;  // accepted by the converters, refreshes included
  uint64_t setpoint_changes = 0;
};

struct SiteView {
  struct Converter {
    Watts power;
    Watts setpoint;
  };
  Nanoseconds now{0};
  Watts grid;
  Watts load;
  Watts sun;
  Watts inverter;  // all of them together
  Watts setpoint;
  std::vector<Converter> converters;
  Ratio soc;
  Volts battery;
  SiteTotals totals;
};

// All methods from any thread.
class SharedHouse {
 public:
  SharedHouse(const HouseOptions& options, std::unique_ptr<Profile> load, std::unique_ptr<Profile> sun);
  ~SharedHouse();

  // As House::Step.
  std::optional<Watts> Step(Nanoseconds dt);
  [[nodiscard]] SiteView View() const;

  // What lies behind the registers of the inverter that is converter `index` of the options.
  [[nodiscard]] InverterPlant Inverter(size_t index);
  // A setpoint arrived at converter `index`; + charges.
  void OnSetpoint(size_t index, Watts setpoint);
  // Anything else of the house: `look` gets it with the mutex held.
  template <class Look>
  auto With(const Look& look) const {
    const std::lock_guard lock(mutex_);
    return look(*house_);
  }

  // A load in place of the profile's; none: the profile's.
  void SetLoad(std::optional<Watts> load);
  // Of one converter. Without mains it is dead; with them again, it does by itself what its kind does then.
  void SetMains(size_t index, bool present);
  // What it gives at most, hot for example; none: what it can.
  void SetLimit(size_t index, std::optional<Watts> limit);

 private:
  class Load;

  mutable std::mutex mutex_;
  Load* load_ = nullptr;  // part of the house
  std::unique_ptr<House> house_;
  std::vector<bool> mains_;  // of each converter
  bool regulated_ = false;
  SiteTotals totals_;
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_SHARED_HOUSE_H_
