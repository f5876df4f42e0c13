// The conversation with a Mean Well device on a bus where anything may be said: right answers, late and altered ones,
// frames that nobody asked for, silence, the adapter out, commands of all kinds.
#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "hal/api/fake_write_ledger.h"
#include "hal/drivers/meanwell/frame.h"
#include "hal/drivers/meanwell/session.h"
#include "hal/sim/wire/meanwell.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"

namespace abcds::meanwell {
namespace {

constexpr Volts kChargeVoltage{27.6};

Options OptionsOf(WriteLedger& ledger) {
  Options options;
  options.name = "charger";
  options.label = "can0";
  options.charge_voltage = kChargeVoltage;
  options.ledger = &ledger;
  return options;
}

class Conversation {
 public:
  Conversation() : session_(OptionsOf(ledger_)) {
    auto device = sim::MeanwellDevice::Make({});
    ABCDS_CHECK(device.ok());
    device_ = *std::move(device);
    device_->SetBattery(26.4, 0.012);
    session_.OnLink(true, now_);
    // Undisturbed until it is at work: being identified takes some thirty answers, which no fuzzer gives by chance.
    const MonotonicTime end = now_ + std::chrono::seconds(5);
    FuzzInput nothing(nullptr, 0);
    while (now_ < end && session_.state().lifecycle != Lifecycle::kActive) Serve(nothing);
    ABCDS_CHECK(session_.state().lifecycle == Lifecycle::kActive);
  }

  void Step(FuzzInput& input) {
    const uint8_t kind = input.Byte();
    if (kind == 0xff) {
      session_.Rest();
      resting_ = true;
    } else if (kind % 32 == 0) {
      session_.OnLink(false, now_);
      arriving_.clear();
      now_ += std::chrono::milliseconds(input.Word());
      ABCDS_CHECK(!session_.NextFrame(now_).has_value() && session_.state().lifecycle == Lifecycle::kConnecting);
      session_.OnLink(true, now_);
    } else if (kind % 4 == 1) {
      command_ = {.power = Watts(input.Bit() ? input.Real() : 1.0 * input.Word() / 16),
                  .expires_at = now_ + std::chrono::milliseconds(input.Word() % 1500)};
      session_.SetCommand(command_);
    } else if (kind % 4 == 2) {
      Hear(Noise(input));
    }
    Serve(input);
    CheckState();
  }

 private:
  // As the bus does; a device answers within 5 ms or so.
  void Serve(FuzzInput& input) {
    for (int i = 0; i < 8; ++i) {
      for (const CanFrame& frame : std::exchange(arriving_, {})) Hear(frame);
      const std::optional<CanFrame> frame = session_.NextFrame(now_);
      if (!frame.has_value()) break;
      CheckSent(*frame);
      session_.OnSent(*frame, now_);
      now_ += std::chrono::milliseconds(1 + input.Byte() % 32);
      const uint8_t fate = input.Byte();
      for (sim::SimCanDevice::Answer& answer : device_->OnFrame(*frame, now_)) {
        if (fate == 1) continue;
        if (fate == 2) answer.frame.data.at(input.Byte() % 8) ^= static_cast<uint8_t>(1 + input.Byte());
        if (fate == 3) arriving_.push_back(answer.frame);
        arriving_.push_back(answer.frame);
      }
    }
    const MonotonicTime next = session_.NextDue(now_);
    now_ = std::clamp(next, now_ + std::chrono::milliseconds(1), now_ + std::chrono::milliseconds(500));
  }

  CanFrame Noise(FuzzInput& input) {
    CanFrame frame{.id = ReplyId(Family::kNpb, input.Bit() ? 3 : static_cast<uint8_t>(input.Byte())),
                   .extended = input.Byte() != 0};
    const auto bytes = input.Bytes(input.Byte() % 9);
    frame.size = static_cast<uint8_t>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), frame.data.begin());
    return frame;
  }

  void Hear(const CanFrame& frame) {
    const auto filters = session_.Filters();
    if (std::ranges::any_of(filters, [&](const CanFilter& filter) { return filter.Passes(frame); })) {
      session_.OnFrame(frame, now_);
    }
  }

  void CheckSent(const CanFrame& frame) {
    Message message;
    ABCDS_CHECK(Parse(Family::kNpb, frame, message) == ParseResult::kOk);
    ABCDS_CHECK(message.unit == 3 && message.kind != Message::Kind::kReply);
    if (message.kind != Message::Kind::kWrite) return;
    ABCDS_CHECK(message.info->writable);
    const auto command = static_cast<Command>(message.code);
    if (command == Command::kVoutSet) ABCDS_CHECK(message.raw() * 0.01 <= kChargeVoltage.value() + 0.011);
    // Never switched on without a standing command to charge, nor at rest.
    if (command == Command::kOperation && message.raw() != 0) {
      ABCDS_CHECK(!resting_ && now_ < command_.expires_at && command_.power > Watts(0));
    }
  }

  void CheckState() {
    const ConverterState& state = session_.state();
    ABCDS_CHECK(state.max_charge >= Watts(0) && state.max_charge <= Watts(5000) && state.max_discharge == Watts(0));
    ABCDS_CHECK(!state.power.valid || std::isfinite(state.power.value.value()));
    ABCDS_CHECK(!state.dc_voltage.valid || std::isfinite(state.dc_voltage.value.value()));
    ABCDS_CHECK(!state.acknowledged.valid || state.acknowledged.value >= Watts(0));
    ABCDS_CHECK(!session_.AtRest() || resting_);
    ABCDS_CHECK(session_.Trouble().size() < 800);
  }

  FakeWriteLedger ledger_;
  std::unique_ptr<sim::MeanwellDevice> device_;
  MonotonicTime now_{std::chrono::hours(1)};
  Session session_;
  ConverterCommand command_;
  std::vector<CanFrame> arriving_;
  bool resting_ = false;
};

}  // namespace
}  // namespace abcds::meanwell

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  abcds::FuzzInput input(data, size);
  abcds::meanwell::Conversation conversation;
  while (!input.empty()) conversation.Step(input);
  return 0;
}
