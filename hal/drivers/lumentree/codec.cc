#include "hal/drivers/lumentree/codec.h"

#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "hal/transport/modbus_decode.h"

namespace abcds::lumentree {
namespace {

constexpr Traits kTraits[] = {
    {.name = "Lumentree 600", .max_power = Watts(600), .min_power = Watts(28)},
    {.name = "Lumentree 1000", .max_power = Watts(1000), .min_power = Watts(25)},
    {.name = "Lumentree 2000", .max_power = Watts(2000), .min_power = Watts(75)},
};
// Where the model is not known: a recorded frame.
constexpr Watts kLargestModel(2000);

constexpr Celsius kColdest(-40);
constexpr Celsius kHottest(125);

absl::Status NotAValue(const char* what, uint16_t raw) {
  return absl::InvalidArgumentError(absl::StrCat("the reply is intact, but ", raw, " is no plausible ", what));
}

}  // namespace

const Traits& TraitsOf(Model model) noexcept { return kTraits[static_cast<size_t>(model)]; }

Watts AvailablePower(const Traits& traits, std::optional<Celsius> temperature) noexcept {
  return register_inverter::Derated(traits.max_power, traits.derate_from, traits.derate_to, temperature);
}

uint16_t EncodeSetpoint(Watts power, Watts max_discharge) noexcept {
  const Watts limit(std::floor(max_discharge.value()));
  return static_cast<uint16_t>(std::lround(register_inverter::WantedDischarge(power, limit).value()));
}

bool DecodeTemperature(uint16_t raw, Celsius& temperature) noexcept {
  const Celsius decoded(static_cast<int16_t>(raw) / 10.0);
  if (decoded < kColdest || decoded > kHottest) return false;
  temperature = decoded;
  return true;
}

absl::StatusOr<std::map<std::string, double>> DecodeFrame(std::optional<std::span<const uint8_t>> request,
                                                          std::span<const uint8_t> reply) {
  const absl::StatusOr<ModbusRecording> recording = DecodeModbus(request, reply);
  if (!recording.ok()) return recording.status();
  const uint8_t exception = recording->reply.exception;
  if (recording->reply.result == ModbusResult::kException) {
    return absl::InvalidArgumentError(
        absl::StrCat("the inverter refused the request: exception ", exception, ", ", ModbusExceptionName(exception)));
  }
  const ModbusRequest& asked = recording->request;
  if (asked.function == ModbusRequest::Function::kWriteMultipleRegisters) {
    if (asked.address != static_cast<uint16_t>(Register::kSetpoint) || asked.count != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("register ", asked.address, " is not the setpoint, the only one that is written"));
    }
    // The acknowledgement repeats the register, not the value.
    if (!recording->request_known) return std::map<std::string, double>{{"acknowledged_register", asked.address}};
    return std::map<std::string, double>{{"setpoint_w", asked.values[0] == 0 ? 0.0 : -1.0 * asked.values[0]}};
  }
  if (!recording->request_known) {
    return absl::InvalidArgumentError(
        "a read's reply does not say which register it is of: give the request as well, with --request HEX");
  }
  if (asked.count != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the request reads ", asked.count, " registers; the inverter is read one by one"));
  }
  const uint16_t raw = recording->reply.values[0];
  Watts power;
  Volts voltage;
  Celsius temperature;
  switch (static_cast<Register>(asked.address)) {
    case Register::kAcPower:
      if (!DecodeAcPower(raw, kLargestModel, power)) return NotAValue("AC power", raw);
      return std::map<std::string, double>{{"power_w", power.value()}};
    case Register::kDcVoltage:
      if (!DecodeDcVoltage(raw, voltage)) return NotAValue("battery voltage", raw);
      return std::map<std::string, double>{{"dc_voltage_v", voltage.value()}};
    case Register::kAcVoltage:
      if (!DecodeAcVoltage(raw, voltage)) return NotAValue("AC voltage", raw);
      return std::map<std::string, double>{{"ac_voltage_v", voltage.value()}};
    case Register::kTemperature:
      if (!DecodeTemperature(raw, temperature)) return NotAValue("temperature", raw);
      return std::map<std::string, double>{{"temperature_c", temperature.value()}};
    case Register::kSetpoint:
      break;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("register ", asked.address, " is none that this inverter is known to have"));
}

}  // namespace abcds::lumentree
