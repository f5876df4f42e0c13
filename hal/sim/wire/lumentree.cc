#include "hal/sim/wire/lumentree.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "hal/rt/clock.h"

namespace abcds::sim {
namespace {

constexpr uint16_t kSetpoint = 40;
constexpr uint16_t kAcVoltage = 70;
constexpr uint16_t kTemperature = 94;
constexpr uint16_t kAcPower = 107;
constexpr uint16_t kDcVoltage = 109;

constexpr uint8_t kIllegalAddress = 2;
constexpr uint8_t kIllegalValue = 3;

constexpr Nanoseconds kDeafAfterStart = std::chrono::seconds(1);
constexpr double kMainsGoneBelowV = 80;
constexpr double kBatteryGoneBelowV = 1;
// What it shows while it delivers nothing.
constexpr double kResidualW = 3.4;

uint16_t Tenths(double value) {
  // Two's complement for temperatures below freezing.
  const double tenths = std::clamp(std::round(value * 10), -32768.0, 65535.0);
  return static_cast<uint16_t>(static_cast<int32_t>(tenths));
}

}  // namespace

LumentreeInverter::LumentreeInverter(InverterPlant plant, double max_power_w)
    : plant_(std::move(plant)), max_power_w_(max_power_w) {}

bool LumentreeInverter::Powered() {
  const bool was_powered = std::exchange(powered_, plant_.ac_voltage_v() >= kMainsGoneBelowV);
  if (powered_ && !was_powered) {
    obeys_from_ = MonotonicNow() + kDeafAfterStart;
    if (plant_.restart) plant_.restart();
  }
  return powered_;
}

uint8_t LumentreeInverter::Read(uint16_t address, uint16_t count, std::vector<uint16_t>& values) {
  if (count != 1) return kIllegalAddress;
  switch (address) {
    case kAcPower:
      values = {Tenths(plant_.dc_voltage_v() < kBatteryGoneBelowV ? 0.0 : std::max(plant_.output_w(), kResidualW))};
      return 0;
    case kDcVoltage:
      values = {Tenths(plant_.dc_voltage_v())};
      return 0;
    case kAcVoltage:
      values = {Tenths(plant_.ac_voltage_v())};
      return 0;
    case kTemperature:
      values = {Tenths(plant_.temperature_c())};
      return 0;
    default:
      return kIllegalAddress;
  }
}

uint8_t LumentreeInverter::Write(uint16_t address, const std::vector<uint16_t>& values) {
  if (address != kSetpoint || values.size() != 1) return kIllegalAddress;
  if (values[0] > max_power_w_) return kIllegalValue;
  // Acknowledged all the same: only the read-back shows that it was not obeyed.
  if (MonotonicNow() >= obeys_from_) plant_.set_w(values[0]);
  return 0;
}

}  // namespace abcds::sim
