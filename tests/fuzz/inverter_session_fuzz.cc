// The conversation with an inverter behind registers that answers anything at any time, under commands of all kinds.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "hal/drivers/lumentree/register_map.h"
#include "hal/drivers/register_inverter/session.h"
#include "hal/drivers/trucki/register_map.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"

namespace abcds::register_inverter {
namespace {

std::unique_ptr<const RegisterMap> MapOf(int kind) {
  switch (kind) {
    case 0:
      return lumentree::MakeRegisterMap(lumentree::TraitsOf(lumentree::Model::k600));
    case 1:
      return lumentree::MakeRegisterMap(lumentree::TraitsOf(lumentree::Model::k2000));
    case 2:
      return trucki::MakeRegisterMap(trucki::TraitsOf(trucki::Model::k1000), /*old_firmware=*/true);
    default:
      return trucki::MakeRegisterMap(trucki::TraitsOf(trucki::Model::k2000), /*old_firmware=*/false);
  }
}

// No command, however absurd, becomes a setpoint beyond what was allowed or in the wrong direction.
void CheckSetpoint(const RegisterMap& map, Watts power, Watts limit) {
  const Watts setpoint = map.DecodeSetpoint(map.EncodeSetpoint(power, limit));
  ABCDS_CHECK(setpoint <= Watts(0) && Magnitude(setpoint) <= limit + Watts(1e-9));
  if (!(power < Watts(0))) ABCDS_CHECK(setpoint == Watts(0));
}

void CheckReadings(const RegisterMap& map, FuzzInput& input) {
  for (const ReadBlock& block : map.blocks()) {
    std::array<uint16_t, ModbusRequest::kMaxRegisters> raw{};
    for (uint16_t& value : raw) value = input.Word();
    const Readings readings = map.Decode(block, std::span(raw).first(block.count));
    ABCDS_CHECK(!readings.power || (*readings.power <= Watts(0) && Magnitude(*readings.power) <= Watts(1.3 * 2000)));
    ABCDS_CHECK(!readings.dc_voltage || (*readings.dc_voltage >= Volts(0) && *readings.dc_voltage <= Volts(80)));
    ABCDS_CHECK(!readings.ac_voltage || (*readings.ac_voltage >= Volts(0) && *readings.ac_voltage <= Volts(300)));
    ABCDS_CHECK(!readings.temperature || Magnitude(*readings.temperature) <= Celsius(125));
  }
}

// Replies as an inverter might give them: without these, its voltage and power would hardly ever be right at once.
uint16_t Plausible(FuzzInput& input) {
  constexpr uint16_t kValues[] = {0, 264, 512, 2317, 319, 20, 3900, 1, 45};
  return kValues[input.Byte() % std::size(kValues)];
}

ModbusReply Answer(const ModbusRequest& request, FuzzInput& input) {
  ModbusReply reply;
  constexpr ModbusResult kResults[] = {ModbusResult::kOk,      ModbusResult::kOk,        ModbusResult::kOk,
                                       ModbusResult::kTimeout, ModbusResult::kException, ModbusResult::kCorrupt};
  reply.result = kResults[input.Byte() % std::size(kResults)];
  if (reply.result == ModbusResult::kException) reply.exception = input.Byte();
  if (reply.result != ModbusResult::kOk) return reply;
  reply.count = request.count;
  const bool plausible = input.Bit();
  for (size_t i = 0; i < request.count; ++i) reply.values.at(i) = plausible ? Plausible(input) : input.Word();
  return reply;
}

class Conversation {
 public:
  explicit Conversation(int kind) : map_(MapOf(kind)), session_(MapOf(kind), 1) { session_.OnLink(true, now_); }

  void Step(FuzzInput& input) {
    const uint8_t kind = input.Byte();
    if (kind == 0xff) {
      session_.Rest();
      resting_ = true;
    } else if (kind % 16 == 0) {
      session_.OnLink(false, now_);
      now_ += std::chrono::milliseconds(input.Word());
      ABCDS_CHECK(!session_.NextRequest(now_).has_value());
      session_.OnLink(true, now_);
      told_zero_ = false;
    } else if (kind % 4 == 1) {
      command_ = {.power = Watts(input.Bit() ? input.Real() : -1.0 * input.Word() / 16),
                  .expires_at = now_ + std::chrono::milliseconds(input.Word() % 1500)};
      session_.SetCommand(command_, now_);
    } else if (kind % 4 == 2) {
      now_ += std::chrono::milliseconds(input.Word() % 3000);
    }
    Serve(input);
    CheckState();
  }

 private:
  // As the bus does.
  void Serve(FuzzInput& input) {
    const MonotonicTime due_at = session_.NextDue(now_);
    ABCDS_CHECK(due_at <= now_ + std::chrono::seconds(60));
    now_ = std::max(now_, due_at);
    const std::optional<ModbusClient::Due> due = session_.NextRequest(now_);
    if (!due.has_value()) return;
    const ModbusRequest& request = due->request;
    ABCDS_CHECK(request.unit == 1 && request.count >= 1 && request.count <= ModbusRequest::kMaxRegisters);
    ABCDS_CHECK(request.timeout > Nanoseconds(0) && request.timeout <= std::chrono::seconds(2));
    const bool is_write = request.function == ModbusRequest::Function::kWriteMultipleRegisters;
    if (is_write) CheckWrite(request.values[0]);
    const ModbusReply reply = Answer(request, input);
    const MonotonicTime sent_at = now_;
    now_ += reply.result == ModbusResult::kTimeout ? request.timeout : std::chrono::milliseconds(1 + input.Byte());
    if (is_write && reply.result == ModbusResult::kOk && request.values[0] == 0) told_zero_ = true;
    session_.OnReply(request, reply, sent_at, now_);
  }

  void CheckWrite(uint16_t setpoint) {
    const Watts power = map_->DecodeSetpoint(setpoint);
    ABCDS_CHECK(power <= Watts(0) && Magnitude(power) <= map_->AvailablePower(std::nullopt));
    if (setpoint == 0) return;
    // Never before it has acknowledged 0 W, nor once the command has expired, nor against its direction, nor at rest.
    ABCDS_CHECK(told_zero_ && !resting_ && now_ < command_.expires_at && command_.power < Watts(0));
    ABCDS_CHECK(Magnitude(power) <= Magnitude(command_.power) + Watts(50));  // the board's gap is passed upwards
  }

  void CheckState() {
    const ConverterState& state = session_.state();
    ABCDS_CHECK(state.max_charge == Watts(0));
    ABCDS_CHECK(state.max_discharge >= Watts(0) && state.max_discharge <= map_->AvailablePower(std::nullopt));
    ABCDS_CHECK(!state.power.valid || std::isfinite(state.power.value.value()));
    ABCDS_CHECK(state.lifecycle != Lifecycle::kActive || (told_zero_ && state.dc_voltage.valid));
    ABCDS_CHECK(!session_.AtRest() || resting_);
    ABCDS_CHECK(session_.Trouble("/dev/line", now_).size() < 400);
  }

  const std::unique_ptr<const RegisterMap> map_;
  MonotonicTime now_{std::chrono::hours(1)};
  Session session_;
  ConverterCommand command_;
  bool told_zero_ = false;
  bool resting_ = false;
};

}  // namespace
}  // namespace abcds::register_inverter

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace abcds;
  using namespace abcds::register_inverter;
  FuzzInput input(data, size);
  const int kind = input.Byte() % 4;
  const std::unique_ptr<const RegisterMap> map = MapOf(kind);
  CheckSetpoint(*map, Watts(input.Real()), Watts(input.Word() * map->AvailablePower(std::nullopt).value() / 65535));
  CheckReadings(*map, input);
  Conversation conversation(kind);
  while (!input.empty()) conversation.Step(input);
  return 0;
}
