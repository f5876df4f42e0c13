// A converter as the AC bus sees it: it answers a setpoint after a dead time, with limited speed, roughly.
#ifndef ABCDS_HAL_SIM_HOUSE_CONVERTER_MODEL_H_
#define ABCDS_HAL_SIM_HOUSE_CONVERTER_MODEL_H_

#include <deque>

#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::sim {

// Powers are signed as everywhere (+ charges); for an inverter `lowest` is negative and `highest` 0.
struct ConverterOptions {
  Watts lowest{-600};
  Watts highest{0};
  Watts minimum;                        // setpoints of smaller magnitude give 0 W
  Watts quantum{2};                     // the output moves in steps of this; 0: stepless
  double gain = 0.985;                  // real output per commanded watt
  Nanoseconds dead_time = std::chrono::milliseconds(250);
  Nanoseconds start_delay = std::chrono::milliseconds(500);  // additional, when it starts from 0 W
  WattsPerSecond ramp_up{600};          // while the magnitude grows
  WattsPerSecond ramp_down{1500};
  Nanoseconds lag{0};                   // first-order, on top of the ramp
  Nanoseconds readback_refresh = std::chrono::milliseconds(300);
  double readback_gain = 1.0;
  double efficiency = 0.93;
  Watts power_on;                       // what it gives by itself after its AC returns, until told otherwise
};

class ConverterModel {
 public:
  explicit ConverterModel(const ConverterOptions& options);

  // A setpoint arrived over the device's wire.
  void Set(Watts setpoint);
  // AC lost and back: forgets its setpoint and goes to `power_on` by itself.
  void Restart();
  void Step(Nanoseconds dt);

  [[nodiscard]] Watts setpoint() const { return setpoint_; }
  [[nodiscard]] Watts power() const { return power_; }        // what really flows
  [[nodiscard]] Watts readback() const { return readback_; }  // what it would report now
  // What the battery sees, + charges.
  [[nodiscard]] Watts battery_power() const;
  [[nodiscard]] const ConverterOptions& options() const { return options_; }
  // A hot or weak device: the output's magnitude is limited to this.
  void Limit(Watts magnitude) { limit_ = magnitude; }

 private:
  struct Pending {
    Nanoseconds due;
    Watts goal;
  };
  [[nodiscard]] Watts Goal(Watts setpoint) const;

  ConverterOptions options_;
  Nanoseconds now_{0};
  std::deque<Pending> pending_;  // setpoints within their dead time
  Watts setpoint_;
  Watts goal_;
  Watts ramped_;
  Watts power_;
  Watts readback_;
  Watts limit_{1e9};
  Nanoseconds readback_due_{0};
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_HOUSE_CONVERTER_MODEL_H_
