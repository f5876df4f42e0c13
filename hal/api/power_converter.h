// The contract of whatever moves power between the AC bus and the battery.
#ifndef ABCDS_HAL_API_POWER_CONVERTER_H_
#define ABCDS_HAL_API_POWER_CONVERTER_H_

#include <cstdint>
#include <optional>

#include "hal/api/device_details.h"
#include "hal/api/lifecycle.h"
#include "hal/rt/progress.h"
#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds {

// Trivially copyable: crosses the real-time border through a Mailbox.
struct ConverterState {
  // AC power, + draws from the bus (charges), as the device reports it; `taken_at` is when the answer arrived. Not valid
  // for devices that report none.
  Sample<Watts> power;
  Sample<Volts> dc_voltage;
  // The newest setpoint the device has acknowledged, with the time of its acknowledgement.
  Sample<Watts> acknowledged;
  // Magnitudes, >= 0; what it can do now, derating included.
  Watts max_charge;
  Watts max_discharge;
  // Magnitudes, >= 0; less than this it cannot do now, except nothing. 0: it has no minimum. A command below ends as
  // 0 W, or as this, as the device can.
  Watts min_charge;
  Watts min_discharge;
  // Each new setpoint wears the device's memory out: control keeps to its write budget while this is true.
  bool write_limited = false;
  // Writes to that memory in the device's life, whoever made them; only ever grows, and another device starts another
  // count. Missing until the device is known, and where there is nothing to wear out. Whoever is limited counts.
  std::optional<uint64_t> memory_writes{};
  // A device that is only ever on or off, and has no meter: `power` and the limits are what it should draw. True asks
  // control to learn what it does draw.
  bool power_assumed = false;
  // Each change between charging and discharging wears it out, also where setpoints do not.
  bool turn_limited = false;
  Lifecycle lifecycle = Lifecycle::kConnecting;
};

struct ConverterCommand {
  Watts power;  // > 0 charges, < 0 discharges; the driver saturates at the limits above
  // From then on the driver itself commands 0 W.
  MonotonicTime expires_at = MonotonicTime::min();
  // When control expects to change its mind next (the next meter message); the driver keeps its polls out of the way, so
  // that the wire is free then. min() when unknown. A hint: a driver may ignore it.
  MonotonicTime next_change_at = MonotonicTime::min();
  // With 0 W: whether the device may stay switched on and move its least power in that direction, to be back sooner.
  // False wherever 0 W is meant as a stop.
  bool may_idle_charging = false;
  bool may_idle_discharging = false;
  // Where `power_assumed`: what the battery shows that it draws at the AC side while it is on, from then on the device's
  // `power` and limits. 0: not known.
  Watts learned{};
};

// Moves power between the AC bus and the battery: a charger, an inverter, or both.
class PowerConverter {
 public:
  virtual ~PowerConverter() = default;

  // Ordinary threads: may block, allocate and log.

  // Starts the I/O and returns at once. The first thing sent is 0 W. The state then says connecting, inactive, active or
  // faulty; the device's own communication timeout is armed where it has one. No answer is retried for ever; a wrong
  // model or firmware stays faulty with its reason.
  virtual void Start() = 0;
  // Commands 0 W, waits until the device reports under 20 W or 2 s have passed, closes. Idempotent.
  virtual void Stop() = 0;
  // Thread-safe copy for people.
  [[nodiscard]] virtual DeviceDetails Details() const = 0;
  // Any thread; never blocks. Of the thread that speaks to the device and lets commands expire: while it hangs, the device
  // keeps its last setpoint, whatever control commands.
  [[nodiscard]] virtual ThreadProgress progress() const noexcept = 0;

  // Real-time thread: wait-free, no allocation, no exceptions, never the bus itself.

  [[nodiscard]] virtual ConverterState Latest() noexcept = 0;
  // Replaces the standing command. Repeating it before it expires is what keeps the device running. When the device
  // falls silent, or answers with errors, its state leaves `active`, and 0 W is sent before anything else once it is back.
  virtual void Command(const ConverterCommand& command) noexcept = 0;
};

}  // namespace abcds

#endif  // ABCDS_HAL_API_POWER_CONVERTER_H_
