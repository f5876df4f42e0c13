// The smallest plant that answers the control core, for its tests. Everything a test wants to spoil is a field.
#ifndef ABCDS_CONTROL_CORE_SMALL_SITE_H_
#define ABCDS_CONTROL_CORE_SMALL_SITE_H_

#include <array>
#include <bitset>
#include <cstdint>


#include "control/core/control_core.h"
#include "control/core/settings.h"
#include "control/core/types.h"

namespace abcds {

using Reasons = std::bitset<static_cast<size_t>(Reason::kCount)>;

inline constexpr int kInverter = 0;
inline constexpr int kCharger = 1;

// An inverter of 600 W and a charger of 800 W on eight cells, with a meter every second.
inline CoreSettings TwoDevices() {
  CoreSettings settings;
  settings.meter.averaging = Nanoseconds(0);
  settings.battery.cells = 8;
  settings.battery.resistance = Ohms(0);
  settings.converter_count = 2;
  ConverterSettings& inverter = settings.converters[kInverter];
  inverter.discharges = true;
  inverter.min_discharge = Watts(27);
  inverter.max_discharge = Watts(600);
  ConverterSettings& charger = settings.converters[kCharger];
  charger.charges = true;
  charger.min_charge = Watts(100);
  charger.max_charge = Watts(800);
  return settings;
}

// The simplest plant that answers: converters follow their setpoints after 0.3 s, the meter says once a second what was
// half a second ago. Everything a test wants to spoil is a field.
class Site {
 public:
  explicit Site(const CoreSettings& settings = TwoDevices()) : settings_(settings), core_(settings) {
    in.battery.present = true;
    for (int i = 0; i < settings.converter_count; ++i) {
      in.converters[i].ready = true;
      in.converters[i].max_charge = settings.converters[i].max_charge;
      in.converters[i].max_discharge = settings.converters[i].max_discharge;
    }
    in.intent.target = settings.regulation.target;
  }

  void Step() {
    now += kPeriod;
    ++cycle_;
    in.now = now;
    in.dt = kPeriod;
    Measure();
    core_.Step(in, out);
    in.samples_void = false;
    for (int i = 0; i < settings_.converter_count; ++i) {
      wire_[i][cycle_ % kDelay] = out.converters[i].power;
    }
    for (int i = 0; i < kMaxConverters; ++i) seen_at[i].set(static_cast<size_t>(out.converters[i].decision.reason));
    seen.set(static_cast<size_t>(out.plant.reason));
  }
  void Run(double seconds) {
    for (int i = 0; i < seconds * 50; ++i) Step();
  }
  void Learned(int converter, Watts power) { core_.RestoreLearned(converter, power); }
  double Power() const { return out.plant.setpoint.value(); }
  double Grid() const { return load + real_[0].value() + real_[1].value(); }
  const FaultStatus& Fault(FaultId id) const {
    for (const FaultStatus& fault : out.faults) {
      if (fault.id == id) return fault;
    }
    return out.faults[0];
  }

  double load = 300;
  double meter_factor = 1;
  bool meter_sends = true;
  bool meter_frozen = false;
  bool bms_sends = true;
  double stuck_at = 0;  // W; the inverter does not follow
  double volts = 26.4, cell_low = 3.29, cell_high = 3.31, soc = 0.5, amperes = 5, temperature = 20;

  MonotonicTime now{std::chrono::seconds(1000)};
  Inputs in;
  Outputs out;
  Reasons seen;                                 // of the plant
  std::array<Reasons, kMaxConverters> seen_at;  // of each converter

 private:
  static constexpr Nanoseconds kPeriod = std::chrono::milliseconds(20);
  static constexpr int kDelay = 15;  // cycles

  void Measure() {
    for (int i = 0; i < settings_.converter_count; ++i) {
      real_[i] = wire_[i][(cycle_ + 1) % kDelay];
      if (stuck_at != 0 && i == kInverter) real_[i] = Watts(stuck_at);
      if (cycle_ % 12 == 0 && in.converters[i].ready) in.converters[i].power = {real_[i], now, true};
    }
    past_grid_[cycle_ % 25] = Grid();
    if (meter_sends && cycle_ % 50 == 0) {
      const double value = meter_frozen ? in.meter.power.value.value() : meter_factor * past_grid_[(cycle_ + 1) % 25];
      in.meter = {{Watts(value), now, true}, in.meter.sequence + 1, true};
    }
    if (bms_sends && cycle_ % 50 == 1) {
      const MonotonicTime now =
          this->now - std::chrono::milliseconds(5);  // a frame is never as young as the cycle that reads it
      in.battery.voltage = {Volts(volts), now, true};
      in.battery.current = {Amperes(amperes), now, true};
      in.battery.soc = {Ratio(soc), now, true};
      in.battery.cell_lowest = {Volts(cell_low), now, true};
      in.battery.cell_highest = {Volts(cell_high), now, true};
      in.battery.temperature_lowest = in.battery.temperature_highest = {Celsius(temperature), now, true};
    }
  }

  CoreSettings settings_;
  ControlCore core_;
  int64_t cycle_ = 0;
  std::array<std::array<Watts, kDelay>, kMaxConverters> wire_{};
  std::array<Watts, kMaxConverters> real_{};
  std::array<double, 25> past_grid_{};
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_SMALL_SITE_H_
