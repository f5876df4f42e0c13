// A setpoint writer with its device, for tests.
#ifndef ABCDS_CONTROL_CORE_SETPOINT_WRITER_BENCH_H_
#define ABCDS_CONTROL_CORE_SETPOINT_WRITER_BENCH_H_

#include <chrono>

#include "control/core/power_tube.h"
#include "control/core/settings.h"
#include "control/core/setpoint_writer.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds {

// 600 W each way, 25 W at least, deadband 10 W, at most two writes a second.
inline ConverterSettings Device() {
  ConverterSettings settings;
  settings.charges = settings.discharges = true;
  settings.min_charge = settings.min_discharge = Watts(25);
  settings.max_charge = settings.max_discharge = Watts(600);
  settings.deadband = Watts(10);
  settings.minimum_interval = std::chrono::milliseconds(500);
  return settings;
}

inline SetpointWriter::Request Ask(const ConverterSettings& settings, double wanted, bool must_reduce = false,
                                   bool measured = true) {
  return {.wanted = Watts(wanted),
          .least = wanted > 0 ? settings.min_charge : settings.min_discharge,
          .most = wanted > 0 ? settings.max_charge : settings.max_discharge,
          .must_reduce = must_reduce,
          .measured = measured};
}

// A writer with the tube of a device without read-back, so that a setpoint settles at itself.
class Bench {
 public:
  explicit Bench(const ConverterSettings& settings = Device())
      : settings(settings), writer(settings), tube(settings.response, false) {
    tube.Command(Watts(0), now);
  }
  SetpointWriter::Result Decide(double wanted, bool must_reduce = false, bool measured = true) {
    const SetpointWriter::Result result = writer.Decide(Ask(settings, wanted, must_reduce, measured), tube, now);
    tube.Command(result.setpoint, now);
    return result;
  }
  void Pass(double seconds) { now += FromSeconds(seconds); }
  double setpoint() const { return writer.setpoint().value(); }

  MonotonicTime now{std::chrono::seconds(1000)};
  ConverterSettings settings;
  SetpointWriter writer;
  PowerTube tube;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_SETPOINT_WRITER_BENCH_H_
