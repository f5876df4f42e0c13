#include "hal/sim/wire/bench_inverter.h"

#include "hal/rt/clock.h"

namespace abcds::sim {
namespace {

constexpr Nanoseconds kStep = std::chrono::milliseconds(5);

}  // namespace

BenchInverter::BenchInverter(const ConverterOptions& options) : model_(options), advanced_to_(MonotonicNow()) {
  model_.Restart();
}

void BenchInverter::Advance() {
  for (const MonotonicTime now = MonotonicNow(); advanced_to_ + kStep <= now; advanced_to_ += kStep) model_.Step(kStep);
}

InverterPlant BenchInverter::Plant() {
  return {.output_w =
              [this] {
                const std::lock_guard<std::mutex> lock(mutex_);
                Advance();
                return -model_.readback().value();
              },
          .set_w =
              [this](double power_w) {
                const std::lock_guard<std::mutex> lock(mutex_);
                Advance();
                const Watts setpoint(power_w == 0.0 ? 0.0 : -power_w);
                setpoints_.push_back(setpoint);
                model_.Set(setpoint);
              },
          .restart = [this] { RestartUnseen(); },
          .dc_voltage_v =
              [this] {
                const std::lock_guard<std::mutex> lock(mutex_);
                return dc_voltage_.value();
              },
          .ac_voltage_v =
              [this] {
                const std::lock_guard<std::mutex> lock(mutex_);
                return ac_voltage_.value();
              },
          .temperature_c =
              [this] {
                const std::lock_guard<std::mutex> lock(mutex_);
                return temperature_.value();
              }};
}

Watts BenchInverter::Output() {
  const std::lock_guard<std::mutex> lock(mutex_);
  Advance();
  return model_.power();
}

std::vector<Watts> BenchInverter::Setpoints() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return setpoints_;
}

void BenchInverter::SetDcVoltage(Volts voltage) {
  const std::lock_guard<std::mutex> lock(mutex_);
  dc_voltage_ = voltage;
}

void BenchInverter::SetAcVoltage(Volts voltage) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ac_voltage_ = voltage;
}

void BenchInverter::SetTemperature(Celsius temperature) {
  const std::lock_guard<std::mutex> lock(mutex_);
  temperature_ = temperature;
}

void BenchInverter::RestartUnseen() {
  const std::lock_guard<std::mutex> lock(mutex_);
  Advance();
  model_.Restart();
}

}  // namespace abcds::sim
