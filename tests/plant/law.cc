#include "tests/plant/law.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "control/core/control_core.h"
#include "hal/rt/realtime_scope.h"

namespace abcds::plant {
namespace {

Watts Bounded(Watts power, const ConverterSettings& device) {
  const Watts bounded = std::clamp(power, -device.max_discharge, device.max_charge);
  const Watts minimum = bounded > Watts(0) ? device.min_charge : device.min_discharge;
  return Magnitude(bounded) < minimum ? Watts(0) : bounded;
}

class Ours : public Law {
 public:
  explicit Ours(const CoreSettings& settings) : core_(settings) {
    inputs_.intent.target = settings.regulation.target;
    max_charge_ = settings.converters[0].max_charge;
    max_discharge_ = settings.converters[0].max_discharge;
    write_limited_ = settings.converters[0].writes_per_hour > 0;
  }

  Watts Step(const View& view) override {
    inputs_.now = view.now;
    inputs_.dt = view.dt;
    if (view.meter) inputs_.meter = {{*view.meter, view.now, true}, inputs_.meter.sequence + 1, true};
    inputs_.converters[0] = {.power = view.readback,
                             .dc_voltage = {view.battery, view.now, true},
                             .acknowledged = {},
                             .max_charge = max_charge_,
                             .max_discharge = max_discharge_,
                             .min_charge = {},
                             .min_discharge = {},
                             .write_limited = write_limited_,
                             .memory_writes = writes_,
                             .ready = true,
                             .faulty = false};
    RealtimeScope scope;
    const Watts before = outputs_.converters[0].power;
    core_.Step(inputs_, outputs_);
    if (outputs_.converters[0].power != before) writes_ += before == Watts(0) ? 2 : 1;
    return outputs_.converters[0].power;
  }

 private:
  ControlCore core_;
  Inputs inputs_;
  Outputs outputs_;
  Watts max_charge_;
  Watts max_discharge_;
  bool write_limited_ = false;
  uint64_t writes_ = 0;  // a start: its power, and that it is on
};

class DeadBeat : public Law {
 public:
  explicit DeadBeat(const ConverterSettings& device) : device_(device) {}
  Watts Step(const View& view) override {
    if (view.meter) {
      wanted_ = std::clamp(setpoint_ - *view.meter, -device_.max_discharge, device_.max_charge);
      setpoint_ = Bounded(wanted_, device_);
    }
    return setpoint_;
  }

 private:
  ConverterSettings device_;
  Watts wanted_;
  Watts setpoint_;
};

class Original : public Law {
 public:
  explicit Original(const ConverterSettings& device) : device_(device) { ring_.fill(Watts(0)); }
  Watts Step(const View& view) override {
    if (!view.meter) return setpoint_;
    const Watts own = view.readback.valid ? view.readback.value : Watts(0);
    ring_[next_++ % ring_.size()] = *view.meter - own;
    Watts mean;
    for (const Watts one : ring_) mean += one / static_cast<double>(ring_.size());
    const Watts wanted = -mean;
    if (Magnitude(wanted - own) <= Watts(15)) return setpoint_;
    const Watts out = Bounded(wanted, device_);
    if (Magnitude(out - own) > Watts(8)) setpoint_ = Watts(std::round(out.value()));
    return setpoint_;
  }

 private:
  ConverterSettings device_;
  std::array<Watts, 4> ring_{};
  size_t next_ = 0;
  Watts setpoint_;
};

class Oracle : public Law {
 public:
  Oracle(const ConverterSettings& device, double gain) : device_(device), gain_(gain) {}
  Watts Step(const View& view) override {
    if (view.meter) setpoint_ = Bounded(-view.exact_load / gain_, device_);
    return setpoint_;
  }

 private:
  ConverterSettings device_;
  double gain_;
  Watts setpoint_;
};

}  // namespace

std::unique_ptr<Law> MakeOurs(const CoreSettings& settings) { return std::make_unique<Ours>(settings); }
std::unique_ptr<Law> MakeDeadBeat(const ConverterSettings& device) { return std::make_unique<DeadBeat>(device); }
std::unique_ptr<Law> MakeOriginal(const ConverterSettings& device) { return std::make_unique<Original>(device); }
std::unique_ptr<Law> MakeOracle(const ConverterSettings& device, double gain) {
  return std::make_unique<Oracle>(device, gain);
}

}  // namespace abcds::plant
