#include "hal/drivers/register_inverter/errand.h"

#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hal/drivers/register_inverter/timing.h"
#include "hal/rt/clock.h"
#include "hal/transport/modbus_decode.h"
#include "hal/transport/modbus_port.h"

namespace abcds::register_inverter {
namespace {

constexpr Volts kSomeVoltage(1);

template <class Value>
void Take(std::optional<Value>& to, const std::optional<Value>& from) {
  if (from.has_value()) to = from;
}

bool ShowsVoltage(const std::optional<Volts>& voltage) { return voltage.has_value() && *voltage >= kSomeVoltage; }

}  // namespace

// `last` of several tries; an exception is an answer.
struct Errand::Answer {
  ModbusReply last;
  bool damaged = false;  // something came back, once at least
};

absl::StatusOr<std::unique_ptr<Errand>> Errand::Open(const ErrandTarget& target) {
  absl::StatusOr<std::unique_ptr<ModbusPort>> port = ModbusPort::Open({.port = target.port, .baud = target.baud});
  if (!port.ok()) return port.status();
  return std::unique_ptr<Errand>(new Errand(target, *std::move(port)));
}

Errand::Errand(const ErrandTarget& target, std::unique_ptr<ModbusPort> port)
    : target_(target), port_(std::move(port)) {}

Errand::~Errand() = default;

Errand::Answer Errand::Ask(bool write, uint16_t first, uint8_t count, uint16_t value, const Patience& patience) {
  ModbusRequest request;
  request.unit = target_.unit;
  request.function =
      write ? ModbusRequest::Function::kWriteMultipleRegisters : ModbusRequest::Function::kReadHoldingRegisters;
  request.address = first;
  request.count = count;
  request.values[0] = value;
  request.timeout = patience.reply;
  Answer answer;
  for (int i = 0; i < patience.tries; ++i) {
    MonotonicTime sent_at;
    answer.last = port_->Execute(request, sent_at);
    const ModbusResult result = answer.last.result;
    if (result == ModbusResult::kOk || result == ModbusResult::kException || result == ModbusResult::kLinkLost) break;
    answer.damaged = answer.damaged || result == ModbusResult::kCorrupt;
  }
  return answer;
}

absl::Status Errand::Refusal(const Answer& answer, uint16_t first) const {
  const std::string unit = absl::StrCat("unit ", target_.unit, " on ", target_.port);
  if (answer.last.result == ModbusResult::kLinkLost) {
    return absl::UnavailableError(absl::StrCat(target_.port, " has gone: was its adapter unplugged?"));
  }
  if (answer.last.result == ModbusResult::kException) {
    return absl::InvalidArgumentError(absl::StrCat(unit, " refuses register ", first, ": exception ",
                                                   answer.last.exception, ", ",
                                                   ModbusExceptionName(answer.last.exception)));
  }
  if (answer.damaged) {
    return absl::UnavailableError(absl::StrCat("what comes back from ", target_.port, " at ", target_.baud,
                                               " baud is no answer of unit ", target_.unit,
                                               ": wrong baud rate, a bad cable, or another device?"));
  }
  return absl::UnavailableError(absl::StrCat("no answer from ", unit, " at ", target_.baud, " baud"));
}

absl::StatusOr<std::vector<uint16_t>> Errand::ReadRegisters(uint16_t first, uint8_t count, const Patience& patience) {
  const Answer answer = Ask(false, first, count, 0, patience);
  if (answer.last.result != ModbusResult::kOk) return Refusal(answer, first);
  return std::vector<uint16_t>(answer.last.values.begin(), answer.last.values.begin() + count);
}

absl::StatusOr<Readings> Errand::ReadBlock(const RegisterMap& map, const register_inverter::ReadBlock& block,
                                           const Patience& patience) {
  const absl::StatusOr<std::vector<uint16_t>> raw = ReadRegisters(block.address, block.count, patience);
  if (!raw.ok()) return raw.status();
  Readings readings = map.Decode(block, *raw);
  if (!readings.plausible) {
    return absl::InvalidArgumentError(absl::StrCat("unit ", target_.unit, " on ", target_.port,
                                                   " answers, but not with values of this type of device (register ",
                                                   block.address, " holds ", raw->front(),
                                                   "): is it another one, or a larger model?"));
  }
  return readings;
}

absl::StatusOr<Readings> Errand::ReadAll(const RegisterMap& map, const Patience& patience) {
  using Refused = register_inverter::ReadBlock::Refused;
  Readings all;
  for (const register_inverter::ReadBlock& block : map.blocks()) {
    const absl::StatusOr<Readings> readings = ReadBlock(map, block, patience);
    if (!readings.ok()) {
      const bool silent = absl::IsUnavailable(readings.status());
      if (block.refused == Refused::kFaulty || (silent && block.refused != Refused::kNormal)) return readings.status();
      // Its answer may still come, and would pass for the next one's.
      if (silent) SleepUntil(MonotonicNow() + Timing::kLateReply);
      continue;
    }
    Take(all.power, readings->power);
    Take(all.dc_voltage, readings->dc_voltage);
    Take(all.ac_voltage, readings->ac_voltage);
    Take(all.temperature, readings->temperature);
    Take(all.setpoint, readings->setpoint);
    if (readings->obstacle != nullptr) all.obstacle = readings->obstacle;
  }
  if (!ShowsVoltage(all.dc_voltage) && !ShowsVoltage(all.ac_voltage)) {
    return absl::InvalidArgumentError(absl::StrCat("unit ", target_.unit, " on ", target_.port,
                                                   " answers, but shows neither battery nor mains voltage: is it "
                                                   "another device?"));
  }
  return all;
}

absl::StatusOr<Watts> Errand::WriteSetpoint(const RegisterMap& map, Watts power, Watts max_discharge,
                                            const Patience& patience) {
  const uint16_t raw = map.EncodeSetpoint(power, max_discharge);
  const Answer answer = Ask(true, map.setpoint_register(), 1, raw, patience);
  if (answer.last.result != ModbusResult::kOk) return Refusal(answer, map.setpoint_register());
  return map.DecodeSetpoint(raw);
}

}  // namespace abcds::register_inverter
