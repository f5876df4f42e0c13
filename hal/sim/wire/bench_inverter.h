// An inverter on a test bench: the house model's converter, moved by the real clock, with knobs for battery and mains.
#ifndef ABCDS_HAL_SIM_WIRE_BENCH_INVERTER_H_
#define ABCDS_HAL_SIM_WIRE_BENCH_INVERTER_H_

#include <mutex>
#include <vector>

#include "hal/sim/house/converter_model.h"
#include "hal/sim/wire/inverter_plant.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::sim {

// All methods from any thread.
class BenchInverter {
 public:
  // Starts with what its model gives by itself (`power_on`).
  explicit BenchInverter(const ConverterOptions& options);

  // The far side of the registers.
  [[nodiscard]] InverterPlant Plant();

  // What flows now, + draws from the AC bus.
  [[nodiscard]] Watts Output();
  // All accepted setpoints so far, in order, likewise.
  [[nodiscard]] std::vector<Watts> Setpoints();
  void SetDcVoltage(Volts voltage);
  void SetAcVoltage(Volts voltage);
  void SetTemperature(Celsius temperature);
  // Back to `power_on` without having been told, and without anybody having noticed the reason.
  void RestartUnseen();

 private:
  void Advance();

  std::mutex mutex_;
  ConverterModel model_;
  MonotonicTime advanced_to_;
  std::vector<Watts> setpoints_;
  Volts dc_voltage_{26.4};
  Volts ac_voltage_{231.7};
  Celsius temperature_{31.9};
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_BENCH_INVERTER_H_
