#include "hal/drivers/lumentree/register_map.h"

namespace abcds::lumentree {
namespace {

using register_inverter::Pace;
using register_inverter::ReadBlock;
using register_inverter::Readings;

constexpr Pace kPace = {.reply = Timing::kReply,
                        .slow_reply = Timing::kSlowReply,
                        .slow_from = Timing::kSlowFrom,
                        .power_period_at_rest = Timing::kPowerPeriodAtRest,
                        .poll_duration = Timing::kPollDuration,
                        .rewrite_after = Timing::kRewriteAfter,
                        .tell_after = Timing::kTellAfter};

constexpr uint16_t AddressOf(Register which) { return static_cast<uint16_t>(which); }

// One by one: nobody has seen this inverter answer a request for several.
constexpr ReadBlock kBlocks[] = {
    {.address = AddressOf(Register::kAcPower), .period = Timing::kPowerPeriod, .power = true},
    {.address = AddressOf(Register::kDcVoltage), .period = Timing::kDcVoltagePeriod},
    {.address = AddressOf(Register::kAcVoltage), .period = Timing::kSlowPeriod, .refused = ReadBlock::Refused::kTold},
    {.address = AddressOf(Register::kTemperature),
     .period = Timing::kSlowPeriod,
     .awaited = false,
     .refused = ReadBlock::Refused::kTold}};

template <class Q>
std::optional<Q> If(bool plausible, Q value) {
  return plausible ? std::optional(value) : std::nullopt;
}

class Registers final : public register_inverter::RegisterMap {
 public:
  explicit Registers(const Traits& traits) : traits_(traits) {}

  const Pace& pace() const noexcept override { return kPace; }
  std::span<const ReadBlock> blocks() const noexcept override { return kBlocks; }
  uint16_t setpoint_register() const noexcept override { return AddressOf(Register::kSetpoint); }

  Watts AvailablePower(std::optional<Celsius> temperature) const noexcept override {
    return lumentree::AvailablePower(traits_, temperature);
  }
  uint16_t EncodeSetpoint(Watts power, Watts max_discharge) const noexcept override {
    return lumentree::EncodeSetpoint(power, max_discharge);
  }
  Watts DecodeSetpoint(uint16_t raw) const noexcept override { return raw == 0 ? Watts(0) : Watts(-1.0 * raw); }

  Readings Decode(const ReadBlock& block, std::span<const uint16_t> raw) const noexcept override {
    Readings readings;
    Watts power;
    Volts voltage;
    Celsius temperature;
    switch (static_cast<Register>(block.address)) {
      case Register::kAcPower:
        readings.plausible = DecodeAcPower(raw[0], traits_.max_power, power);
        readings.power = If(readings.plausible, power);
        break;
      case Register::kDcVoltage:
        readings.plausible = DecodeDcVoltage(raw[0], voltage);
        readings.dc_voltage = If(readings.plausible, voltage);
        break;
      case Register::kAcVoltage:
        readings.plausible = DecodeAcVoltage(raw[0], voltage);
        readings.ac_voltage = If(readings.plausible, voltage);
        break;
      case Register::kTemperature:
        readings.plausible = DecodeTemperature(raw[0], temperature);
        readings.temperature = If(readings.plausible, temperature);
        break;
      case Register::kSetpoint:
        break;
    }
    return readings;
  }

 private:
  const Traits traits_;
};

}  // namespace

std::unique_ptr<const register_inverter::RegisterMap> MakeRegisterMap(const Traits& traits) {
  return std::make_unique<const Registers>(traits);
}

}  // namespace abcds::lumentree
