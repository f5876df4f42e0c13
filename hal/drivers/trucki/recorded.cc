#include "hal/drivers/trucki/recorded.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "hal/drivers/register_inverter/recorded_line.h"
#include "hal/drivers/trucki/codec.h"
#include "hal/transport/modbus_decode.h"

namespace abcds::trucki {
namespace {

using Values = std::map<std::string, double>;
using Bytes = std::span<const uint8_t>;
using register_inverter::ModbusChecksum;

constexpr uint8_t kReadHolding = 3;
constexpr uint8_t kReadInput = 4;
constexpr uint8_t kWriteOne = 6;
constexpr size_t kWriteOneBytes = 8;
constexpr size_t kReadRequestBytes = 8;
constexpr size_t kExceptionBytes = 5;
constexpr std::array<uint8_t, 7> kTelegramBegins = {0x10, 0x10, 0x00, 0x00, 0x00, 0x09, 0x12};
constexpr size_t kTelegramBytes = 27;
constexpr uint16_t kLastRegister = 7;
constexpr uint16_t kMostSetpoint = 20000;
constexpr Watts kLargestModel(2000);

uint16_t Word(Bytes bytes, size_t at) { return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]); }

absl::Status NotAValue(const char* what, uint16_t raw) {
  return absl::InvalidArgumentError(absl::StrCat("the frame is intact, but ", raw, " is no plausible ", what));
}

// Adds the value of one register.
absl::Status Add(Register which, uint16_t raw, Values& values) {
  Watts power;
  Volts voltage;
  Celsius temperature;
  switch (which) {
    case Register::kSetpoint:
    case Register::kMirror:
      if (raw > kMostSetpoint) return NotAValue("setpoint", raw);
      values[which == Register::kSetpoint ? "setpoint_w" : "setpoint_mirror_w"] = DecodeSetpoint(raw).value();
      return absl::OkStatus();
    case Register::kAcPower:
      if (!DecodeAcPower(raw, kLargestModel, power)) return NotAValue("AC power", raw);
      values["power_w"] = power.value();
      return absl::OkStatus();
    case Register::kAcVoltage:
      if (!DecodeAcVoltage(raw, voltage)) return NotAValue("AC voltage", raw);
      values["ac_voltage_v"] = voltage.value();
      return absl::OkStatus();
    case Register::kDcVoltage:
      if (!DecodeDcVoltage(raw, voltage)) return NotAValue("battery voltage", raw);
      values["dc_voltage_v"] = voltage.value();
      return absl::OkStatus();
    case Register::kDac:
      values["dac"] = raw;
      return absl::OkStatus();
    case Register::kCalibration:
      values["calibration_step"] = raw;
      return absl::OkStatus();
    case Register::kTemperature:
      if (!DecodeTemperature(raw, temperature)) return NotAValue("temperature", raw);
      values["temperature_c"] = temperature.value();
      return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("register ", static_cast<int>(which), " is none that this board is known to have"));
}

absl::StatusOr<Values> DecodeTelegram(Bytes telegram) {
  if (ModbusChecksum(telegram) != 0) return absl::InvalidArgumentError("the telegram's checksum is wrong");
  constexpr Register kOrder[] = {Register::kAcPower,    Register::kSetpoint, Register::kAcVoltage,
                                 Register::kDcVoltage,  Register::kDac,      Register::kCalibration,
                                 Register::kTemperature};
  Values values;
  size_t at = kTelegramBegins.size();
  for (const Register which : kOrder) {
    if (const absl::Status status = Add(which, Word(telegram, at), values); !status.ok()) return status;
    at += 2;
  }
  // The meter's power, as the meter says it; the low word first.
  const float meter_w = std::bit_cast<float>(uint32_t{Word(telegram, at + 2)} << 16 | Word(telegram, at));
  if (!std::isfinite(meter_w)) return absl::InvalidArgumentError("the telegram's meter power is no number");
  values["meter_power_w"] = meter_w;
  return values;
}

// Its reply repeats the request.
absl::StatusOr<Values> DecodeWriteOne(std::optional<Bytes> request, Bytes reply) {
  if (reply.size() != kWriteOneBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the reply has ", reply.size(), " bytes where function 6 has ", kWriteOneBytes));
  }
  if (ModbusChecksum(reply) != 0) return absl::InvalidArgumentError("the reply's checksum is wrong");
  if (request.has_value() && !std::equal(request->begin(), request->end(), reply.begin(), reply.end())) {
    return absl::InvalidArgumentError("the reply belongs to another request: function 6 repeats it");
  }
  Values values;
  if (const absl::Status status = Add(static_cast<Register>(Word(reply, 2)), Word(reply, 4), values); !status.ok()) {
    return status;
  }
  return values;
}

// Function 4 reads the same registers as function 3: the frame of `size` bytes as it would have been with that one.
// What is corrupt stays what it is; so do bytes behind it.
std::vector<uint8_t> AsHoldingRegisters(Bytes frame, size_t size) {
  std::vector<uint8_t> changed(frame.begin(), frame.end());
  if (frame.size() < size || (frame[1] & 0x7f) != kReadInput || ModbusChecksum(frame.first(size)) != 0) return changed;
  changed[1] = static_cast<uint8_t>((frame[1] & 0x80) | kReadHolding);
  const uint16_t checksum = ModbusChecksum(Bytes(changed).first(size - 2));
  changed[size - 2] = static_cast<uint8_t>(checksum);
  changed[size - 1] = static_cast<uint8_t>(checksum >> 8);
  return changed;
}

size_t ReplySize(Bytes reply) {
  if (reply.size() < 3 || (reply[1] & 0x80) != 0) return kExceptionBytes;
  return size_t{5} + reply[2];
}

absl::StatusOr<Values> DecodeExchange(std::optional<Bytes> request, Bytes reply) {
  const absl::StatusOr<ModbusRecording> recording = DecodeModbus(request, reply);
  if (!recording.ok()) return recording.status();
  const uint8_t exception = recording->reply.exception;
  if (recording->reply.result == ModbusResult::kException) {
    return absl::InvalidArgumentError(
        absl::StrCat("the board refused the request: exception ", exception, ", ", ModbusExceptionName(exception)));
  }
  const ModbusRequest& asked = recording->request;
  const bool is_write = asked.function == ModbusRequest::Function::kWriteMultipleRegisters;
  if (!recording->request_known) {
    // The acknowledgement repeats the register, not the value.
    if (is_write) return Values{{"acknowledged_register", asked.address}};
    // All eight can only be 0 to 7.
    if (asked.count != kLastRegister + 1) {
      return absl::InvalidArgumentError(
          "a read's reply does not say which registers it is of: give the request as well, with --request HEX");
    }
  }
  if (asked.address + asked.count > kLastRegister + 1) {
    return absl::InvalidArgumentError(absl::StrCat("register ", asked.address + asked.count - 1,
                                                   " is none that this board is known to have: 0 to ", kLastRegister));
  }
  Values values;
  for (uint16_t i = 0; i < asked.count; ++i) {
    const uint16_t raw = is_write ? asked.values[i] : recording->reply.values[i];
    const absl::Status status = Add(static_cast<Register>(asked.address + i), raw, values);
    if (!status.ok()) return status;
  }
  return values;
}

}  // namespace

absl::StatusOr<Values> DecodeFrame(std::optional<Bytes> request, Bytes reply) {
  if (!request.has_value() && reply.size() == kTelegramBytes &&
      std::equal(kTelegramBegins.begin(), kTelegramBegins.end(), reply.begin())) {
    return DecodeTelegram(reply);
  }
  if (reply.size() >= 2 && reply[1] == kWriteOne) return DecodeWriteOne(request, reply);
  const std::vector<uint8_t> holding_reply = AsHoldingRegisters(reply, ReplySize(reply));
  if (!request.has_value()) return DecodeExchange(std::nullopt, holding_reply);
  const std::vector<uint8_t> holding_request = AsHoldingRegisters(*request, kReadRequestBytes);
  if (request->size() > 1 && reply.size() > 1 && ((*request)[1] & 0x7f) != (reply[1] & 0x7f)) {
    return absl::InvalidArgumentError("the reply belongs to another request: its function is another");
  }
  return DecodeExchange(holding_request, holding_reply);
}

}  // namespace abcds::trucki
