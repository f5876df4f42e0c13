#include "hal/drivers/meanwell/session.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "hal/drivers/meanwell/frame.h"

namespace abcds::meanwell {
namespace {

using enum Command;

// Currents that an output which is off still reports; of a model that is not known yet.
constexpr double kResidualShare = 0.02;
constexpr Amperes kResidualOfAny{0.5};
// A setpoint read back so many steps too high was not taken.
constexpr int kIgnoredBySteps = 5;
constexpr Nanoseconds kStartAgain = std::chrono::seconds(60);

}  // namespace

Session::Session(const Options& options)
    : options_(options),
      set_up_{options.family, options.charge_voltage, options.discharge_voltage},
      dialogue_(options.family, options.unit, options.reply),
      polls_(options.family),
      memory_(options.ledger),
      hail_(options.unit),
      capability_(options.family, options.charge_voltage, options.discharge_voltage) {
  UpdateState(MonotonicTime::min());
}

void Session::Rest() noexcept {
  if (resting_) return;
  resting_ = true;
  polls_.Hasten(kOperation);
}

bool Session::AtRest() const noexcept { return resting_ && rest_off_ && rest_confirmed_ && rest_still_; }

Counters Session::counters() const noexcept {
  Counters counters = counters_;
  counters.requests = dialogue_.requests();
  counters.unanswered = dialogue_.unanswered();
  counters.unmatched = dialogue_.unmatched();
  counters.memory_writes = memory_.counted_here();
  return counters;
}

std::optional<CanFrame> Session::NextFrame(MonotonicTime now) {
  if (const std::optional<Command> late = dialogue_.TakeLate(now)) OnSilence(*late, now);
  Follow(now);
  if (now < dialogue_.FreeFrom()) return std::nullopt;
  const Step step = Plan(now);
  if (step.at > now) return std::nullopt;
  return step.write.has_value() ? dialogue_.Write(step.command, *step.write) : dialogue_.Read(step.command);
}

MonotonicTime Session::NextDue(MonotonicTime now) {
  if (!link_up_) return MonotonicTime::max();
  Follow(now);
  const MonotonicTime expiry =
      command_.expires_at > now && (taken_power_ != Watts(0) || idles_) ? command_.expires_at : MonotonicTime::max();
  if (dialogue_.Deadline() != MonotonicTime::max()) return std::min(dialogue_.Deadline(), expiry);
  return std::min(std::max(dialogue_.FreeFrom(), Plan(now).at), expiry);
}

void Session::OnSent(const CanFrame& frame, MonotonicTime now) {
  dialogue_.OnSent(frame, now);
  Message message;
  if (Parse(options_.family, frame, message) != ParseResult::kOk) return;
  if (message.kind == Message::Kind::kRead) {
    asked_at_ = now;
    return;
  }
  const Command command = message.info->command;
  ++counters_.writes;
  memory_.OnWrite(command, now);
  tries_ = 0;
  if (stage_ == Stage::kSilent) {
    hail_.OnToldOff(now);
    return;
  }
  registers_.OnWritten(command, message.raw(), now);
  if (command == kOperation) {
    rest_off_ = rest_confirmed_ = rest_still_ = false;
    switched_on_at_.reset();
    if (message.raw() == 1) switched_on_at_ = now;
    polls_.Hasten(kFaultStatus);
  }
  if (command == kDirectionCtrl) direction_made_at_ = now + Timing::kDirectionSettles;
}

void Session::OnFrame(const CanFrame& frame, MonotonicTime now) {
  const std::optional<Message> answer = dialogue_.OnFrame(frame, now);
  if (!answer.has_value()) return;
  tries_ = 0;
  if (stage_ == Stage::kSilent) StartOver(now);
  OnAnswer(*answer, now);
  Advance(now);
  UpdateLimits(now);
  UpdateState(now);
}

void Session::OnLink(bool up, MonotonicTime now) {
  dialogue_.Forget();
  if (link_up_ && !up && stage_ != Stage::kSilent) LoseContact(now);
  link_up_ = up;
  hail_.Hasten(now);
  UpdateState(now);
}

void Session::OnSilence(Command command, MonotonicTime now) {
  if (stage_ == Stage::kSilent) {
    hail_.OnSilence(resting_, now);
    return;
  }
  if (++tries_ < Timing::kTries) return;
  tries_ = 0;
  if (polls_.OnSilence(command)) {
    Advance(now);
  } else {
    LoseContact(now);
  }
  UpdateState(now);
}

void Session::LoseContact(MonotonicTime now) {
  ++counters_.contacts_lost;
  hail_.Begin(registers_[kOperation].held == 0, now);
  polls_.OnContactLost();
  StartOver(now);
  stage_ = Stage::kSilent;
  tries_ = 0;
}

// From here on nothing is known of the device, not even that it is the same one.
void Session::StartOver(MonotonicTime now) {
  stage_ = Stage::kIdentify;
  registers_.Forget();
  polls_.StartOver(now);
  identity_.Forget();
  obstacle_ = Obstacle::kNone;
  faults_.reset();
  eeprom_error_ = false;
  ignores_ = false;
  if (watch_.has_value()) watch_->Forget();
  switched_on_at_.reset();
  start_failed_at_.reset();
  capability_.Forget();
  rest_off_ = rest_confirmed_ = rest_still_ = false;
  for (Reading& reading : readings_) reading.valid = false;
  TakeSetpoint(Watts(0), now);
}

void Session::OnAnswer(const Message& message, MonotonicTime now) {
  const CommandInfo& info = *message.info;
  polls_.OnAnswer(info.command, now);
  if (Registers::Has(info.command)) {
    OnRegister(info.command, message.raw(), now);
    return;
  }
  switch (info.format) {
    case Format::kText:
    case Format::kRevision:
    case Format::kScaling:
      if (!identity_.OnAnswer(message)) ++counters_.implausible;
      // As early as possible: a guard asks no further than for rest.
      if (info.command == kMfrSerialB6B11 && !identity_.serial_number().empty()) {
        memory_.SetDevice(identity_.serial_number());
      }
      return;
    case Format::kFaults:
      OnFaults(message.raw());
      return;
    case Format::kSystemStatus:
      eeprom_error_ = (message.raw() & system_status::kEepromError) != 0;
      return;
    default:
      break;
  }
  const Scaling scaling = identity_.scaling().value_or(Scaling{});
  const std::optional<double> value = DecodeNumber(options_.family, info, scaling, message.raw());
  if (value.has_value()) {
    OnNumber(info, *value, message.raw(), now);
  } else {
    ++counters_.implausible;
  }
}

void Session::OnRegister(Command command, uint16_t raw, MonotonicTime now) {
  const Registers::Reading reading = registers_.OnRead(command, raw);
  const Register& known = registers_[command];
  settled_noted_ = settled_noted_ && reading == Registers::Reading::kUnchanged;
  if (reading == Registers::Reading::kChanged) {
    ++counters_.foreign_writes;
    // What was on is off: it has lost its AC for a moment, and has its stored values again.
    if (command == kOperation && raw == 0) {
      StartOver(now);
      registers_.OnRead(command, raw);
    }
  } else if (reading == Registers::Reading::kNew && known.Altered()) {
    ++counters_.altered_setpoints;
    const bool floor = command == kReverseVoutSet;
    const int beyond = floor ? *known.written - raw : raw - *known.written;
    if (command != kSystemConfig && command != kOperation && beyond > kIgnoredBySteps) {
      ignores_ = true;
      ignored_at_ = now;
    }
  }
  if (command == kSystemConfig) OnEepromOff((raw & system_config::kEepromOff) != 0, now);
  if (command == kOperation && raw == 0 && resting_ && !rest_off_) {
    rest_off_ = true;
    polls_.Hasten(kFaultStatus);
    polls_.Hasten(kReadIout);
  }
}

// As SYSTEM_CONFIG says, whenever it is read: a factory reset by hand takes it away.
void Session::OnEepromOff(bool off, MonotonicTime now) {
  if (memory_.eeprom_off() == off) return;
  memory_.SetEepromOff(off);
  if (stage_ != Stage::kReady) return;
  UpdateLimits(now);
  TakeSetpoint(taken_power_, now);
}

void Session::OnNumber(const CommandInfo& info, double value, uint16_t raw, MonotonicTime now) {
  if (info.command == kReadVout) {
    state_.dc_voltage = {.value = Volts(value), .taken_at = now, .valid = true};
    return;
  }
  for (Reading& reading : readings_) {
    if (reading.command != info.command) continue;
    reading.value = value;
    reading.valid = true;
  }
  if (info.command == kReadIout) OnCurrent(Amperes(value), raw, now);
}

void Session::OnCurrent(Amperes current, uint16_t raw, MonotonicTime now) {
  current_ = current;
  const Model* model = identity_.model();
  const Amperes residual = model != nullptr ? model->charge_max * kResidualShare : kResidualOfAny;
  if (resting_ && rest_off_) rest_still_ = Magnitude(current) <= residual;
  // Nothing to judge it by; what is watched may still be another device.
  if (model == nullptr || !watch_.has_value() || !state_.dc_voltage.valid) return;
  const bool none = registers_[kOperation].held == 0 && Magnitude(current) <= residual;
  const Watts power = none ? Watts(0) : AcPower(state_.dc_voltage.value, current, options_.efficiency);
  const auto voltage_raw = static_cast<uint32_t>(EncodeHundredths(state_.dc_voltage.value.value()));
  watch_->OnReading(current, voltage_raw << 16 | raw, now);
  const bool alive = watch_->verdict() != OutputWatch::Verdict::kFrozen;
  state_.power = {.value = power, .taken_at = now, .valid = alive};
  if (watch_->verdict() == OutputWatch::Verdict::kTooMuch && setpoint_.kind != Setpoint::Kind::kOff) {
    ignores_ = true;
    ignored_at_ = now;
  }
  // The voltage follows what its last step did, once the device has taken it.
  if (!loop_.has_value() || !loop_->running() || registers_[kOperation].held != 1 || switched_on_at_) return;
  if (!registers_[kVoutSet].Settled(EncodeHundredths(loop_->voltage().value()))) return;
  const Volts before = loop_->voltage();
  loop_->OnReading(current, asked_at_, now);
  if (loop_->voltage() != before) settled_noted_ = false;
}

void Session::OnFaults(uint16_t faults) noexcept {
  faults_ = faults;
  const bool output_off = (faults & fault::kOutputOff) != 0;
  if (!output_off) switched_on_at_.reset();
  if (resting_ && rest_off_) rest_confirmed_ = output_off;
}

// To the next stage, when this one is done.
void Session::Advance(MonotonicTime now) {
  if (switched_on_at_ && now - *switched_on_at_ > Timing::kStarts) {
    start_failed_at_ = now;
    switched_on_at_.reset();
  }
  if (start_failed_at_ && now - *start_failed_at_ > kStartAgain) start_failed_at_.reset();
  // Its reply to SCALING_FACTOR also says what it does not have.
  if (stage_ == Stage::kIdentify && !polls_.NextOfIdentity() && registers_[kOperation].held == 0) {
    EndIdentification(now);
  } else if (stage_ == Stage::kRefused) {
    const Obstacle obstacle = identity_.Check(set_up_, registers_);
    // Both modes are taken over at the next start only.
    const bool at_start = obstacle_ == Obstacle::kChargerMode || obstacle_ == Obstacle::kFindsDirection ||
                          obstacle_ == Obstacle::kPowerCycle;
    if (obstacle != Obstacle::kNone) {
      obstacle_ = obstacle;
    } else if (at_start) {
      obstacle_ = Obstacle::kPowerCycle;
    } else {
      StartOver(now);
    }
  } else if (stage_ == Stage::kProtect && !registers_.Unverified() && !PlanProtection(now)) {
    if (!memory_.eeprom_off()) memory_.SetLacksEepromOff();
    eeprom_off_tried_ = true;
    stage_ = Stage::kReady;
  }
}

// A device without a serial number has an account by its place.
std::string Session::Place() const {
  const std::string& model = identity_.model_text();
  return absl::StrCat(model.empty() ? FamilyName(options_.family) : model, " unit ", options_.unit);
}

void Session::SettleAccount() {
  if (memory_.unassigned() > 0) memory_.SetDevice(Place());
}

void Session::EndIdentification(MonotonicTime now) {
  const Model* model = identity_.model();
  if (identity_.serial_number().empty()) {
    memory_.SetDevice(Place());
  } else {
    memory_.SetDevice(identity_.serial_number());
  }
  obstacle_ = identity_.Check(set_up_, registers_);
  if (obstacle_ != Obstacle::kNone) {
    stage_ = Stage::kRefused;
    refused_at_ = now;
    return;
  }
  if (identity_.scaling()->ac_voltage == 0) polls_.Skip(kReadVin);
  if (identity_.scaling()->fan_speed == 0) {
    polls_.Skip(kReadFanSpeed1);
    polls_.Skip(kReadFanSpeed2);
  }
  loop_.emplace(model->nominal, model->voltage_min, options_.charge_voltage);
  // What was learned about another device does not hold for this one.
  const std::string who = absl::StrCat(identity_.model_text(), " ", identity_.serial_number());
  if (!watch_.has_value() || who != known_device_) {
    watch_.emplace(std::max(model->charge_max, model->discharge_max));
    eeprom_off_tried_ = false;
    known_device_ = who;
  }
  // Read before there was a model to judge it by.
  polls_.Hasten(kReadIout);
  const bool tried =
      resting_ || memory_.eeprom_off() || eeprom_off_tried_ || memory_.LacksEepromOff() || memory_.OnlyStopping();
  stage_ = tried ? Stage::kReady : Stage::kProtect;
  settled_noted_ = false;
  TakeSetpoint(Watts(0), now);
}

uint16_t Session::Raw(Amperes current) const noexcept { return EncodeHundredths(current.value()); }

Amperes Session::LeastCurrent(Direction direction) const noexcept {
  const Model* model = identity_.model();
  if (model == nullptr) return Amperes(0);
  return direction == Direction::kCharge ? model->charge_min : model->discharge_min;
}

}  // namespace abcds::meanwell
