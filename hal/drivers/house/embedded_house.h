// A whole simulated site inside the daemon: what `./run` regulates when no hardware is configured.
#ifndef ABCDS_HAL_DRIVERS_HOUSE_EMBEDDED_HOUSE_H_
#define ABCDS_HAL_DRIVERS_HOUSE_EMBEDDED_HOUSE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "hal/api/battery_monitor.h"
#include "hal/api/grid_meter.h"
#include "hal/api/power_converter.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

enum class HouseWire : uint8_t { kMeter, kCharger, kDischarger, kBattery };

struct EmbeddedHouseOptions {
  int cells = 8;
  double capacity_ah = 100;
  Ratio soc{0.5};
  Watts charge_max{1200};
  Watts charge_min{100};  // the charger gives nothing below it
  Watts discharge_max{1000};
  Watts discharge_min{25};
  Nanoseconds meter_interval = std::chrono::seconds(1);
  Watts sun_peak{1800};
  // From sunrise to sunset, with the next sunrise right behind: a visitor should not have to wait for the sun.
  Nanoseconds day = std::chrono::minutes(30);
  uint64_t seed = 1;  // of weather, household and the devices' true constants

  // For tests. A load that never changes, without sun, noise and jitter, instead of a household; may be negative.
  std::optional<Watts> steady_load;
  // Called by the house's thread with each setpoint that reaches a converter.
  std::function<void(HouseWire wire, Watts setpoint)> on_setpoint;
};

// One ordinary thread lets the model live in real time while any of its devices is started. The devices' dead times,
// speeds and gains are drawn from the seed and deliberately not what a configuration would say: real ones are not,
// either.
class EmbeddedHouse {
 public:
  explicit EmbeddedHouse(const EmbeddedHouseOptions& options);
  ~EmbeddedHouse();
  EmbeddedHouse(const EmbeddedHouse&) = delete;
  EmbeddedHouse& operator=(const EmbeddedHouse&) = delete;

  // The devices live as long as the house.
  [[nodiscard]] GridMeter& meter();
  [[nodiscard]] PowerConverter& charger();
  [[nodiscard]] PowerConverter& discharger();
  [[nodiscard]] BatteryMonitor& battery();

  // Any thread. A device whose wire is cut answers nothing, hears nothing, and goes on with what it was told last.
  void Cut(HouseWire wire, bool cut);

  // Replaces `steady_load` from the next step on. Any ordinary thread.
  void SetSteadyLoad(Watts load);

  // What really is, for tests and demonstrations, as of the last 10 ms step. Any ordinary thread.
  struct Truth {
    Watts grid;  // + import
    Watts load;
    Watts sun;
    Watts charger;
    Watts discharger;
    Ratio soc;
  };
  [[nodiscard]] Truth truth() const;

 private:
  class Plant;
  std::unique_ptr<Plant> plant_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_HOUSE_EMBEDDED_HOUSE_H_
