#include "hal/sim/wire/trucki.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "hal/rt/clock.h"

namespace abcds::sim {
namespace {

constexpr uint16_t kSetpoint = 0;
constexpr uint16_t kDac = 4;
constexpr uint16_t kCalibration = 5;
constexpr uint16_t kRegisters = 8;
constexpr uint16_t kRegistersBefore106 = 6;
constexpr uint16_t kMostSetpoint = 20000;

constexpr uint8_t kIllegalAddress = 2;
constexpr uint8_t kIllegalValue = 3;

constexpr double kMainsGoneBelowV = 80;
// What the display shows while nothing is delivered.
constexpr double kResidualW = 7.8;
constexpr int kFullPowerDac = 33187;

uint16_t Tenths(double value) { return static_cast<uint16_t>(std::clamp(std::round(value * 10), 0.0, 65535.0)); }

// The mains never stand still: every reading of the display differs a little from the one before.
double Wobble(MonotonicTime now) { return 0.4 * std::sin(ToSeconds(now.time_since_epoch())); }

}  // namespace

TruckiBoard::TruckiBoard(InverterPlant plant, const TruckiBoardOptions& options)
    : plant_(std::move(plant)), options_(options) {}

bool TruckiBoard::Powered() {
  const bool was_powered = std::exchange(powered_, plant_.ac_voltage_v() >= kMainsGoneBelowV);
  if (powered_ && !was_powered) {
    setpoint_ = 0;
    display_due_ = MonotonicTime::min();
    if (plant_.restart) plant_.restart();
  }
  return powered_;
}

void TruckiBoard::RefreshDisplay() {
  const MonotonicTime now = MonotonicNow();
  if (now < display_due_ || display_cut_) return;
  display_due_ = now + options_.display_period;
  display_ = {Tenths(std::max(plant_.output_w(), kResidualW)), Tenths(plant_.ac_voltage_v() + Wobble(now)),
              Tenths(plant_.dc_voltage_v())};
}

uint8_t TruckiBoard::Read(uint16_t address, uint16_t count, std::vector<uint16_t>& values) {
  const uint16_t known = options_.firmware < 106 ? kRegistersBefore106 : kRegisters;
  if (count == 0 || address + count > known) return kIllegalAddress;
  RefreshDisplay();
  const int step = calibration_steps_ > 0 ? calibration_steps_-- : 0;
  const int dac = kFullPowerDac * setpoint_ / (10 * options_.model);
  const std::array<uint16_t, kRegisters> all = {setpoint_,
                                                display_[0],
                                                display_[1],
                                                display_[2],
                                                static_cast<uint16_t>(dac),
                                                static_cast<uint16_t>(step),
                                                setpoint_,
                                                static_cast<uint16_t>(std::lround(plant_.temperature_c()))};
  values.assign(all.begin() + address, all.begin() + address + count);
  return 0;
}

uint8_t TruckiBoard::Write(uint16_t address, const std::vector<uint16_t>& values) {
  if (address == kDac || address == kCalibration) ++forbidden_writes_;
  if (address != kSetpoint || values.size() != 1) return kIllegalAddress;
  if (values[0] > kMostSetpoint) return kIllegalValue;
  Obey(values[0]);
  return 0;
}

void TruckiBoard::Obey(uint16_t setpoint) {
  setpoint_ = setpoint;
  double power_w = setpoint / 10.0;
  if (options_.firmware <= 108 && setpoint > 0 && setpoint <= 750) {
    ++jumps_;
    power_w = options_.model;
  }
  // The 2000 switches its range there.
  if (options_.model == 2000 && power_w > 200 && power_w < 250) power_w = power_w < 225 ? 200 : 250;
  plant_.set_w(std::min<double>(power_w, options_.model));
}

}  // namespace abcds::sim
