#include "hal/drivers/trucki/register_map.h"

namespace abcds::trucki {
namespace {

using register_inverter::Pace;
using register_inverter::ReadBlock;
using register_inverter::Readings;

constexpr Pace kPace = {
    .reply = Timing::kReply,
    .slow_reply = Timing::kSlowReply,
    .slow_from = Timing::kSlowFrom,
    .power_period_at_rest = Timing::kReadingsPeriodAtRest,
    .poll_duration = Timing::kPollDuration,
    .readback_age = Timing::kReadbackAge,
    .rewrite_after = Timing::kRewriteAfter,
    .tell_after = Timing::kTellAfter,
    .frozen = "the board's readings stand still while its setpoint changes: check its cable to the inverter's display"};
constexpr char kCalibrating[] = "the board is calibrating itself, which takes three minutes and goes up to full power";

constexpr uint16_t At(Register which) { return static_cast<uint16_t>(which); }

// Firmware before 1.06 refuses the second block, or says nothing.
constexpr ReadBlock kBlocks[] = {
    {.address = At(Register::kSetpoint), .count = 6, .period = Timing::kReadingsPeriod, .power = true},
    {.address = At(Register::kMirror),
     .count = 2,
     .period = Timing::kTemperaturePeriod,
     .awaited = false,
     .refused = ReadBlock::Refused::kNormal}};

class Registers final : public register_inverter::RegisterMap {
 public:
  Registers(const Traits& traits, bool old_firmware) : traits_(traits), old_firmware_(old_firmware) {}

  const Pace& pace() const noexcept override { return kPace; }
  std::span<const ReadBlock> blocks() const noexcept override { return kBlocks; }
  uint16_t setpoint_register() const noexcept override { return At(Register::kSetpoint); }

  Watts AvailablePower(std::optional<Celsius> temperature) const noexcept override {
    return register_inverter::Derated(traits_.max_power, traits_.derate_from, traits_.derate_to, temperature);
  }
  uint16_t EncodeSetpoint(Watts power, Watts max_discharge) const noexcept override {
    return trucki::EncodeSetpoint(traits_, old_firmware_, power, max_discharge);
  }
  Watts DecodeSetpoint(uint16_t raw) const noexcept override { return trucki::DecodeSetpoint(raw); }

  Readings Decode(const ReadBlock& block, std::span<const uint16_t> raw) const noexcept override {
    return block.power ? DecodeMain(raw) : DecodeExtra(raw);
  }

 private:
  Readings DecodeMain(std::span<const uint16_t> raw) const noexcept {
    Readings readings;
    Watts power;
    Volts ac_voltage;
    Volts dc_voltage;
    if (DecodeAcPower(raw[At(Register::kAcPower)], traits_.rated_power, power)) readings.power = power;
    if (DecodeAcVoltage(raw[At(Register::kAcVoltage)], ac_voltage)) readings.ac_voltage = ac_voltage;
    if (DecodeDcVoltage(raw[At(Register::kDcVoltage)], dc_voltage)) readings.dc_voltage = dc_voltage;
    readings.plausible =
        readings.power.has_value() && readings.ac_voltage.has_value() && readings.dc_voltage.has_value();
    readings.setpoint = raw[At(Register::kSetpoint)];
    readings.restless = uint64_t{raw[At(Register::kAcPower)]} << 32 | uint64_t{raw[At(Register::kAcVoltage)]} << 16 |
                        raw[At(Register::kDcVoltage)];
    if (raw[At(Register::kCalibration)] != 0) readings.obstacle = kCalibrating;
    return readings;
  }

  static Readings DecodeExtra(std::span<const uint16_t> raw) noexcept {
    Readings readings;
    Celsius temperature;
    readings.plausible = DecodeTemperature(raw[1], temperature);
    if (readings.plausible) readings.temperature = temperature;
    return readings;
  }

  const Traits traits_;
  const bool old_firmware_;
};

}  // namespace

std::unique_ptr<const register_inverter::RegisterMap> MakeRegisterMap(const Traits& traits, bool old_firmware) {
  return std::make_unique<const Registers>(traits, old_firmware);
}

}  // namespace abcds::trucki
