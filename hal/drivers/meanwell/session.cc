#include "hal/drivers/meanwell/session.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "hal/drivers/meanwell/frame.h"

namespace abcds::meanwell {
namespace {

using enum Command;

// Below half of what the model can be set to there is no battery.
constexpr double kNoBatteryShare = 0.5;
// The limits follow the battery's voltage in steps: each one may cost a write.
constexpr double kLimitStepShare = 0.004;  // of the nominal voltage, 0.1 V of 24 V
constexpr double kDeratingWhenHot = 0.5;
// Currents that an output which is off still reports.
constexpr double kResidualShare = 0.02;
// Constant-voltage stage: the set voltage is reached within the accuracy of the reading, and less flows than was set.
constexpr double kAtVoltageShare = 0.01;
constexpr double kTakesLess = 0.9;
constexpr Nanoseconds kTakesLessFor = std::chrono::seconds(2);
constexpr double kHeadroomAtVoltage = 1.15;
constexpr double kTellingChange = 0.08;
// A setpoint read back so many steps too high was not taken.
constexpr int kIgnoredBySteps = 5;
constexpr Nanoseconds kStartAgain = std::chrono::seconds(60);

}  // namespace

Session::Session(const Options& options)
    : options_(options),
      set_up_{options.family, options.charge_voltage, options.discharge_voltage},
      dialogue_(options.family, options.unit),
      polls_(options.family),
      memory_(options.ledger),
      random_(options.unit * 7919u + 1) {
  UpdateState(MonotonicTime::min());
}

void Session::Rest() noexcept {
  if (resting_) return;
  resting_ = true;
  polls_.Hasten(kOperation);
}

bool Session::AtRest() const noexcept { return resting_ && rest_off_ && rest_confirmed_ && (rest_still_ || !watch_); }

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
      command_.expires_at > now && taken_power_ != Watts(0) ? command_.expires_at : MonotonicTime::max();
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
    blind_due_ = false;
    --blind_offs_;
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
  if (stage_ == Stage::kSilent) MakeContact(now);
  OnAnswer(*answer, now);
  Advance(now);
  UpdateLimits(now);
  UpdateState(now);
}

void Session::OnLink(bool up, MonotonicTime now) {
  dialogue_.Forget();
  if (link_up_ && !up && stage_ != Stage::kSilent) LoseContact(now);
  link_up_ = up;
  retry_at_ = now;
  retry_pause_ = Timing::kRetryFirst;
  UpdateState(now);
}

void Session::OnSilence(Command command, MonotonicTime now) {
  if (stage_ == Stage::kSilent) {
    retry_at_ = now + NextPause();
    blind_due_ = blind_offs_ > 0;
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
  // It may hear us all the same.
  blind_offs_ = registers_[kOperation].held == 0 ? 0 : Timing::kBlindOffs;
  blind_due_ = blind_offs_ > 0;
  polls_.OnContactLost();
  StartOver(now);
  stage_ = Stage::kSilent;
  tries_ = 0;
  retry_at_ = now;
  retry_pause_ = Timing::kRetryFirst;
}

void Session::MakeContact(MonotonicTime now) {
  StartOver(now);
  blind_offs_ = 0;
  blind_due_ = false;
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
  at_voltage_since_.reset();
  limits_voltage_ = Volts(0);
  limits_ = {};
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
  const std::optional<double> value = DecodeNumber(options_.family, info, identity_.scaling(), message.raw());
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
  if (command == kOperation && raw == 0 && resting_ && !rest_off_) {
    rest_off_ = true;
    polls_.Hasten(kFaultStatus);
    polls_.Hasten(kReadIout);
  }
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
  if (!watch_.has_value() || !state_.dc_voltage.valid) return;
  const bool off = registers_[kOperation].held == 0;
  const bool residual = off && Magnitude(current) <= identity_.model()->charge_max * kResidualShare;
  const Watts power = residual ? Watts(0) : AcPower(state_.dc_voltage.value, current, options_.efficiency);
  const auto voltage_raw = static_cast<uint32_t>(EncodeHundredths(state_.dc_voltage.value.value()));
  watch_->OnReading(current, voltage_raw << 16 | raw, now);
  const bool alive = watch_->verdict() != OutputWatch::Verdict::kFrozen;
  state_.power = {.value = power, .taken_at = now, .valid = alive};
  if (watch_->verdict() == OutputWatch::Verdict::kTooMuch && setpoint_.kind != Setpoint::Kind::kOff) {
    ignores_ = true;
    ignored_at_ = now;
  }
  if (resting_ && rest_off_) rest_still_ = power == Watts(0);
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
    const bool off = (registers_[kSystemConfig].held.value_or(0) & system_config::kEepromOff) != 0;
    if (!off) memory_.SetLacksEepromOff();
    memory_.SetEepromOff(off);
    eeprom_off_tried_ = true;
    stage_ = Stage::kReady;
  }
}

void Session::EndIdentification(MonotonicTime now) {
  const Model* model = identity_.model();
  // A device without a serial number has an account by its place.
  const std::string place = absl::StrCat(identity_.model_text(), " unit ", options_.unit);
  memory_.SetDevice(identity_.serial_number().empty() ? place : identity_.serial_number());
  const bool off = (registers_[kSystemConfig].held.value_or(0) & system_config::kEepromOff) != 0;
  memory_.SetEepromOff(off);
  obstacle_ = identity_.Check(set_up_, registers_);
  if (obstacle_ != Obstacle::kNone) {
    stage_ = Stage::kRefused;
    return;
  }
  if (identity_.scaling().ac_voltage == 0) polls_.Skip(kReadVin);
  if (identity_.scaling().fan_speed == 0) {
    polls_.Skip(kReadFanSpeed1);
    polls_.Skip(kReadFanSpeed2);
  }
  loop_.emplace(model->nominal, model->voltage_min, options_.charge_voltage);
  if (!watch_.has_value()) watch_.emplace(std::max(model->charge_max, model->discharge_max));
  // Read before there was a model to judge it by.
  polls_.Hasten(kReadIout);
  const bool tried = off || eeprom_off_tried_ || memory_.LacksEepromOff() || memory_.OnlyStopping();
  stage_ = tried ? Stage::kReady : Stage::kProtect;
  settled_noted_ = false;
  TakeSetpoint(Watts(0), now);
}

SetpointOptions Session::Possibilities() const noexcept {
  const bool hot = faults_.has_value() && (*faults_ & fault::kHot) != 0;
  return {.model = identity_.model(),
          .efficiency = options_.efficiency,
          .voltage_loop = VoltageLoopPossible(),
          .derating = hot ? kDeratingWhenHot : 1.0};
}

void Session::UpdateLimits(MonotonicTime now) {
  const Model* model = identity_.model();
  if (model == nullptr || !state_.dc_voltage.valid || stage_ != Stage::kReady || memory_.OnlyStopping()) {
    limits_ = {};
    return;
  }
  const Volts voltage = state_.dc_voltage.value;
  if (Magnitude(voltage - limits_voltage_) >= model->nominal * kLimitStepShare) limits_voltage_ = voltage;
  limits_ = LimitsAt(Possibilities(), limits_voltage_);

  // Against the voltage it is set to a BIC lets some current flow the other way.
  const Volts margin = model->nominal * 0.02;
  if (options_.family == Family::kBic) {
    charge_blocked_ = voltage >= options_.charge_voltage - (charge_blocked_ ? margin : Volts(0));
    discharge_blocked_ = voltage <= options_.discharge_voltage + (discharge_blocked_ ? margin : Volts(0));
    if (charge_blocked_) limits_.max_charge = limits_.min_charge = Watts(0);
    if (discharge_blocked_) limits_.max_discharge = limits_.min_discharge = Watts(0);
  }
  // A battery that is almost full takes less than it is offered: that is no failure to follow, but the limit.
  const bool takes_less = setpoint_.kind == Setpoint::Kind::kCurrent && setpoint_.power > Watts(0) &&
                          registers_[kOperation].held == 1 && !switched_on_at_ &&
                          current_ < setpoint_.current * kTakesLess &&
                          voltage >= options_.charge_voltage - model->nominal * kAtVoltageShare;
  if (!takes_less) {
    at_voltage_since_.reset();
    return;
  }
  if (!at_voltage_since_) {
    at_voltage_since_ = now;
    battery_takes_ = limits_.max_charge;
  }
  if (now - *at_voltage_since_ < kTakesLessFor) return;
  const Watts takes = AcPower(voltage, current_, options_.efficiency) * kHeadroomAtVoltage;
  if (Magnitude(takes - battery_takes_) > battery_takes_ * kTellingChange) battery_takes_ = takes;
  limits_.max_charge = std::clamp(battery_takes_, limits_.min_charge, limits_.max_charge);
}

void Session::UpdateState(MonotonicTime) {
  state_.max_charge = limits_.max_charge;
  state_.max_discharge = limits_.max_discharge;
  state_.min_charge = limits_.min_charge;
  state_.min_discharge = limits_.min_discharge;
  state_.write_limited = !memory_.eeprom_off();
  const bool faulty = eeprom_error_ || ignores_ || start_failed_at_.has_value() ||
                      (watch_.has_value() && watch_->verdict() != OutputWatch::Verdict::kGood) ||
                      (faults_.value_or(0) & (fault::kLatched | fault::kOverTemperature)) != 0;
  if (!link_up_ || stage_ == Stage::kSilent) {
    state_.lifecycle = Lifecycle::kConnecting;
  } else if (stage_ == Stage::kRefused || (stage_ == Stage::kReady && faulty)) {
    state_.lifecycle = Lifecycle::kFaulty;
  } else {
    state_.lifecycle = Usable() ? Lifecycle::kActive : Lifecycle::kInactive;
  }
}

bool Session::Usable() const noexcept {
  if (!link_up_ || stage_ != Stage::kReady || !state_.dc_voltage.valid || !faults_.has_value()) return false;
  if (!registers_[kOperation].held.has_value() && !registers_[kOperation].written.has_value()) return false;
  if (eeprom_error_ || ignores_ || start_failed_at_.has_value()) return false;
  if (watch_.has_value() && watch_->verdict() != OutputWatch::Verdict::kGood) return false;
  if ((*faults_ & (fault::kLatched | fault::kOverTemperature | fault::kAcFail)) != 0) return false;
  return state_.dc_voltage.value >= identity_.model()->voltage_min * kNoBatteryShare;
}

bool Session::VoltageLoopPossible() const noexcept {
  return options_.voltage_adjust && options_.family == Family::kNpb && memory_.eeprom_off();
}

uint16_t Session::Raw(Amperes current) const noexcept { return EncodeHundredths(current.value()); }

Amperes Session::LeastCurrent(Direction direction) const noexcept {
  const Model* model = identity_.model();
  if (model == nullptr) return Amperes(0);
  return direction == Direction::kCharge ? model->charge_min : model->discharge_min;
}

Nanoseconds Session::NextPause() noexcept {
  // Numerical Recipes' generator: devices that fell silent together are not asked in step.
  random_ = random_ * 1664525u + 1013904223u;
  const double share = 0.5 + 0.5 * static_cast<double>(random_ >> 8) / static_cast<double>(1u << 24);
  const Nanoseconds pause = FromSeconds(ToSeconds(retry_pause_) * share);
  retry_pause_ = std::min(2 * retry_pause_, Timing::kRetryLongest);
  return pause;
}

}  // namespace abcds::meanwell
