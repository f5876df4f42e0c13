// The simulated house's battery management system.
#ifndef ABCDS_HAL_DRIVERS_HOUSE_HOUSE_BATTERY_H_
#define ABCDS_HAL_DRIVERS_HOUSE_HOUSE_BATTERY_H_

#include <cstdint>
#include <mutex>

#include "hal/api/battery_monitor.h"
#include "hal/drivers/house/house_thread.h"
#include "hal/drivers/house/link.h"
#include "hal/rt/mailbox.h"
#include "hal/sim/house/battery_model.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::house {

// Forbids charging at a cell of 3.65 V until all are below 3.50 V, and discharging at one of 2.60 V until all are above
// 2.90 V, as common protection boards do.
class HouseBattery final : public BatteryMonitor {
 public:
  // `thread` must outlive it.
  explicit HouseBattery(HouseThread& thread);
  ~HouseBattery() override;

  void Start() override;
  void Stop() override;
  [[nodiscard]] DeviceDetails Details() const override;
  [[nodiscard]] BatteryState Latest() noexcept override;

  // The house's thread, once a step.
  void Serve(const sim::BatteryModel& model, MonotonicTime now) noexcept;
  [[nodiscard]] Link& link() noexcept { return link_; }

 private:
  HouseThread& thread_;
  Link link_;
  Mailbox<BatteryState> states_{BatteryState{}};
  mutable std::mutex mutex_;  // between the house's thread and the ordinary ones
  bool running_ = false;
  BatteryState state_;
  uint64_t reads_ = 0;
  MonotonicTime read_due_ = MonotonicTime::min();
};

}  // namespace abcds::house

#endif  // ABCDS_HAL_DRIVERS_HOUSE_HOUSE_BATTERY_H_
