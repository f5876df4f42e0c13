// The simulated house's charger and inverter as power converters.
#ifndef ABCDS_HAL_DRIVERS_HOUSE_HOUSE_CONVERTER_H_
#define ABCDS_HAL_DRIVERS_HOUSE_HOUSE_CONVERTER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "hal/api/power_converter.h"
#include "hal/drivers/house/house_thread.h"
#include "hal/drivers/house/link.h"
#include "hal/rt/mailbox.h"
#include "hal/sim/house/converter_model.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::house {

// Behaves like a device behind a slow wire: power is read four times a second, an unchanged setpoint is repeated every
// 5 s, a wire that comes back hears 0 W first. The device has no watchdog of its own: with the wire cut it goes on.
class HouseConverter final : public PowerConverter {
 public:
  using OnSetpoint = std::function<void(Watts setpoint)>;

  // `thread` must outlive it. `on_setpoint`, if any, is called with each setpoint that reaches the device.
  HouseConverter(std::string model_name, HouseThread& thread, OnSetpoint on_setpoint);
  ~HouseConverter() override;

  void Start() override;
  void Stop() override;
  [[nodiscard]] DeviceDetails Details() const override;
  [[nodiscard]] ThreadProgress progress() const noexcept override { return thread_.progress(); }
  [[nodiscard]] ConverterState Latest() noexcept override;
  void Command(const ConverterCommand& command) noexcept override;

  // The house's thread, once a step.
  void Serve(sim::ConverterModel& model, Volts dc_voltage, MonotonicTime now);
  [[nodiscard]] Link& link() noexcept { return link_; }

 private:
  enum class Phase : uint8_t { kNew, kRunning, kStopping, kStopped };

  void Send(sim::ConverterModel& model, Watts setpoint, MonotonicTime now);

  const std::string model_name_;
  HouseThread& thread_;
  const OnSetpoint on_setpoint_;
  Link link_;
  Mailbox<ConverterState> states_{ConverterState{}};
  Mailbox<ConverterCommand> commands_{ConverterCommand{}};

  // Between the house's thread and the ordinary ones.
  mutable std::mutex mutex_;
  std::condition_variable at_rest_;
  Phase phase_ = Phase::kNew;
  ConverterState state_;
  uint64_t writes_ = 0;
  uint64_t reads_ = 0;

  // The house's thread only.
  bool zero_sent_ = false;  // since the wire is there
  MonotonicTime sent_at_ = MonotonicTime::min();
  MonotonicTime read_due_ = MonotonicTime::min();
};

}  // namespace abcds::house

#endif  // ABCDS_HAL_DRIVERS_HOUSE_HOUSE_CONVERTER_H_
