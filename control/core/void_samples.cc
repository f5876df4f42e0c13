#include "control/core/void_samples.h"

namespace abcds {
namespace {

template <class Q>
void VoidIfOld(Sample<Q>& sample, MonotonicTime until) {
  if (sample.taken_at <= until) sample.valid = false;
}

}  // namespace

void VoidSamplesUntil(MonotonicTime until, Inputs& inputs) noexcept {
  VoidIfOld(inputs.meter.power, until);
  BatteryInput& battery = inputs.battery;
  VoidIfOld(battery.voltage, until);
  VoidIfOld(battery.current, until);
  VoidIfOld(battery.soc, until);
  VoidIfOld(battery.cell_lowest, until);
  VoidIfOld(battery.cell_highest, until);
  VoidIfOld(battery.temperature_lowest, until);
  VoidIfOld(battery.temperature_highest, until);
  VoidIfOld(battery.charge_current_limit, until);
  VoidIfOld(battery.discharge_current_limit, until);
  for (ConverterInput& converter : inputs.converters) {
    VoidIfOld(converter.power, until);
    VoidIfOld(converter.dc_voltage, until);
    VoidIfOld(converter.acknowledged, until);
  }
}

}  // namespace abcds
