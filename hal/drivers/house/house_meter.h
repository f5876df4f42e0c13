// The simulated house's meter at the grid connection.
#ifndef ABCDS_HAL_DRIVERS_HOUSE_HOUSE_METER_H_
#define ABCDS_HAL_DRIVERS_HOUSE_HOUSE_METER_H_

#include <mutex>
#include <optional>

#include "hal/api/grid_meter.h"
#include "hal/drivers/house/house_thread.h"
#include "hal/drivers/house/link.h"
#include "hal/rt/mailbox.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::house {

class HouseMeter final : public GridMeter {
 public:
  // `thread` must outlive it.
  explicit HouseMeter(HouseThread& thread);
  ~HouseMeter() override;

  void Start() override;
  void Stop() override;
  [[nodiscard]] DeviceDetails Details() const override;
  [[nodiscard]] MeterState Latest() noexcept override;

  // The house's thread, once a step, with the message that arrived in it.
  void Serve(std::optional<Watts> message, MonotonicTime now) noexcept;
  [[nodiscard]] Link& link() noexcept { return link_; }

 private:
  HouseThread& thread_;
  Link link_;
  Mailbox<MeterState> states_{MeterState{}};
  mutable std::mutex mutex_;  // between the house's thread and the ordinary ones
  bool running_ = false;
  MeterState state_;
};

}  // namespace abcds::house

#endif  // ABCDS_HAL_DRIVERS_HOUSE_HOUSE_METER_H_
