#include "control/core/control_core.h"

#include <algorithm>

#include "hal/units/at_rest.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// From a setpoint's decision to the device's wire, typically: the rest of a cycle and one exchange at 9600 baud.
constexpr Nanoseconds kWire = 40ms;
// Devices need this long to speak for the first time; before, their silence is not worth a fault.
constexpr Nanoseconds kStartUp = 10s;
// As far beyond what the plant does is "much more than it can".
constexpr Watts kFarBeyond{100};
// How long a suspend or a clock jump is shown.
constexpr Nanoseconds kClockJumpShown = 30s;

// Whether 0 W for this reason is a small wish rather than a stop.
bool Idles(Reason reason) {
  switch (reason) {
    case Reason::kRegulating:
    case Reason::kDeadband:
    case Reason::kMinimumInterval:
    case Reason::kBelowMinimum:
    case Reason::kNothingToDo:
    case Reason::kWriteBudget:
      return true;
    default:
      return false;
  }
}

template <class Q>
void VoidIfOld(Sample<Q>& sample, MonotonicTime before) {
  if (sample.taken_at <= before) sample.valid = false;
}

}  // namespace

ControlCore::ControlCore(const CoreSettings& settings) noexcept
    : settings_(settings),
      observer_(settings.meter),
      supervisor_(settings.meter),
      probe_(settings.meter),
      battery_(settings.battery),
      dispatcher_(settings),
      gate_(settings) {
  for (int i = 0; i < settings_.converter_count; ++i) {
    units_[i] = ConverterUnit(settings_.converters[i]);
  }
}

void ControlCore::Step(const Inputs& inputs, Outputs& out) noexcept {
  inputs_ = inputs;
  out = Outputs{};
  if (started_at_ == MonotonicTime::max()) started_at_ = inputs.now;
  VoidOldSamples();
  ResolveIntent(out);
  ObserveConverters();
  ObserveMeter();
  ProtectBattery(out);
  LearnPowers();
  ReportFaults();
  const Wish wish = Want(out);
  Command(wish, out);
  Account(wish, out);
}

void ControlCore::VoidOldSamples() noexcept {
  if (inputs_.samples_void) {
    void_before_ = inputs_.now;
    supervisor_.Reset();
    observer_.Reset();
  }
  if (void_before_ == MonotonicTime::min()) return;
  VoidIfOld(inputs_.meter.power, void_before_);
  BatteryInput& battery = inputs_.battery;
  VoidIfOld(battery.voltage, void_before_);
  VoidIfOld(battery.current, void_before_);
  VoidIfOld(battery.soc, void_before_);
  VoidIfOld(battery.cell_lowest, void_before_);
  VoidIfOld(battery.cell_highest, void_before_);
  VoidIfOld(battery.temperature_lowest, void_before_);
  VoidIfOld(battery.temperature_highest, void_before_);
  VoidIfOld(battery.charge_current_limit, void_before_);
  VoidIfOld(battery.discharge_current_limit, void_before_);
  for (ConverterInput& converter : inputs_.converters) {
    VoidIfOld(converter.power, void_before_);
    VoidIfOld(converter.dc_voltage, void_before_);
    VoidIfOld(converter.acknowledged, void_before_);
  }
}

void ControlCore::ResolveIntent(Outputs& out) noexcept {
  const Intent& intent = inputs_.intent;
  const MonotonicTime now = inputs_.now;
  out.mode = now < intent.mode_ends ? intent.mode : Mode::kAutomatic;
  out.target = now < intent.target_ends ? intent.target : settings_.regulation.target;
  if (out.mode == Mode::kForced) {
    if (forced_generation_ != intent.generation) forced_done_ = false;
    forced_generation_ = intent.generation;
    const Sample<Ratio>& soc = inputs_.battery.soc;
    const Nanoseconds max_age = std::max<Nanoseconds>(BatteryLimiter::kMaxAge, settings_.battery.silence_grace);
    if (intent.forced_until_soc > Ratio(0) && soc.UsableAt(now, max_age)) {
      forced_done_ |= intent.forced_power > Watts(0) ? soc.value >= intent.forced_until_soc
                                                     : soc.value <= intent.forced_until_soc;
    }
    if (forced_done_) out.mode = Mode::kAutomatic;
  }
  mode_ = out.mode;
  if (intent.clear_generation != clear_generation_) {
    clear_generation_ = intent.clear_generation;
    faults_.Clear(intent.clear_fault, intent.clear_converter);
  }
}

void ControlCore::ObserveConverters() noexcept {
  const MonotonicTime now = inputs_.now;
  PowerInterval known;
  RestWitness::Silent silent;
  for (int i = 0; i < settings_.converter_count; ++i) {
    ConverterUnit& unit = units_[i];
    unit.Observe(inputs_.converters[i], now, inputs_.dt);
    if (unit.answers()) {
      PowerInterval power = unit.AtBattery();
      // What is only assumed to flow explains no current, until it is learned.
      const bool assumed = inputs_.converters[i].power_assumed && learners_[i].learned() <= Watts(0);
      if (assumed && power.high >= kAtRest) power = Hull(power, {Watts(0), settings_.converters[i].max_charge});
      known = known + power;
      continue;
    }
    silent.who |= 1u << i;
    ++silent.count;
    silent.can_charge |= settings_.converters[i].charges;
    silent.can_discharge |= settings_.converters[i].discharges;
  }
  witness_.Update(inputs_.battery, known, silent, now);
  PowerInterval own;
  PowerInterval at_battery;
  bool silenced = false;
  for (int i = 0; i < settings_.converter_count; ++i) {
    units_[i].HearWitness(witness_, now);
    own = own + units_[i].own_power(now);
    at_battery = at_battery + units_[i].AtBattery();
    silenced |= units_[i].lately_lost(now);
  }
  other_.Update(inputs_.battery, at_battery, now);
  observer_.OwnPower(now, own, silenced);
}

void ControlCore::ObserveMeter() noexcept {
  const MeterInput& meter = inputs_.meter;
  measured_ = meter.trusted && meter.power.valid && IsFinite(meter.power.value) && meter.sequence != last_sequence_;
  if (!measured_) return;
  last_sequence_ = meter.sequence;
  // After a silence the old estimate says nothing.
  if (supervisor_.Silent(meter.power.taken_at)) observer_.Reset();
  observer_.Measured(meter.power.value, meter.power.taken_at);
  supervisor_.Measured(meter.power.value, observer_.own(), meter.power.taken_at, probe_.active());
}

Sample<Volts> ControlCore::TerminalVoltage() const noexcept {
  // In their order rather than the freshest: two sensors that differ must not take turns.
  for (int i = 0; i < settings_.converter_count; ++i) {
    const Sample<Volts>& voltage = inputs_.converters[i].dc_voltage;
    if (units_[i].answers() && BatteryLimiter::IsBattery(voltage, inputs_.now)) return voltage;
  }
  return {};
}

Watts ControlCore::StandingPower() const noexcept {
  Watts power;
  for (int i = 0; i < settings_.converter_count; ++i) power += units_[i].own_power(inputs_.now).Middle();
  return power;
}

Watts ControlCore::StandingAtBattery() const noexcept {
  Watts power;
  for (int i = 0; i < settings_.converter_count; ++i) {
    const Watts ac = units_[i].own_power(inputs_.now).Middle();
    const double efficiency = settings_.converters[i].efficiency;
    power += ac > Watts(0) ? ac * efficiency : ac / efficiency;
  }
  return power;
}

void ControlCore::LimitAtConverters(BatteryLimits& limits) const noexcept {
  // Whichever converters share the power: the most that a charger passes on, the least that a discharger makes of it.
  double charging = 0.0;
  double discharging = 1.0;
  limits.charge = std::max(Watts(0), limits.charge - std::max(limits.other, Watts(0)));
  limits.discharge = std::max(Watts(0), limits.discharge - std::max(-limits.other, Watts(0)));
  for (int i = 0; i < settings_.converter_count; ++i) {
    const ConverterSettings& device = settings_.converters[i];
    if (device.charges) charging = std::max(charging, device.efficiency);
    if (device.discharges) discharging = std::min(discharging, device.efficiency);
    if (units_[i].answers()) continue;
    // What a lost one may be using is not there for the others.
    const PowerInterval lost = units_[i].AtBattery();
    limits.charge = std::max(Watts(0), limits.charge - std::max(lost.high, Watts(0)));
    limits.discharge = std::max(Watts(0), limits.discharge - std::max(-lost.low, Watts(0)));
  }
  if (charging > 0.0) limits.charge = limits.charge / charging;
  limits.discharge = limits.discharge * discharging;
}

void ControlCore::ProtectBattery(Outputs& out) noexcept {
  out.battery_limits = battery_.Update(inputs_.battery, TerminalVoltage(), StandingAtBattery(), inputs_.now);
  out.battery_limits.other = other_.power();
  LimitAtConverters(out.battery_limits);
  out.battery_voltage = battery_.voltage();
  for (int i = 0; i < settings_.converter_count; ++i) {
    units_[i].JudgeFollowing(battery_.charge_tapers(), battery_.discharge_tapers(), inputs_.now);
  }
}

void ControlCore::LearnPowers() noexcept {
  // What a silent one does would be learned as another's, and a battery that is nearly full lets nobody draw his power.
  bool may_learn = inputs_.battery.present && !battery_.charge_tapers();
  for (int i = 0; i < settings_.converter_count; ++i) may_learn &= units_[i].answers();
  for (int i = 0; i < settings_.converter_count; ++i) {
    const ConverterInput& input = inputs_.converters[i];
    if (!input.power_assumed) continue;
    PowerLearner::View view{.may_learn = may_learn,
                            .known = input.acknowledged.valid,
                            .on = input.acknowledged.value > Watts(0),
                            .others = {},
                            .others_assumed = Watts(0),
                            .efficiency = settings_.converters[i].efficiency,
                            .most = settings_.converters[i].max_charge};
    for (int other = 0; other < settings_.converter_count; ++other) {
      if (other == i) continue;
      const PowerInterval power = units_[other].AtBattery();
      view.others = view.others + power;
      if (inputs_.converters[other].power_assumed) view.others_assumed += power.Middle();
    }
    learners_[i].Step(inputs_.battery, view, inputs_.now);
  }
}

void ControlCore::ReportFaults() noexcept {
  const MonotonicTime now = inputs_.now;
  const bool started = now - started_at_ >= kStartUp;
  const BatteryInput& battery = inputs_.battery;
  faults_.Report(FaultId::kMeterSilent, supervisor_.Silent(now) && (started || !supervisor_.waiting()), now);
  faults_.Report(FaultId::kMeterFrozen, supervisor_.frozen(), now);
  faults_.Report(FaultId::kMeterDisagrees, supervisor_.disagrees(), now);
  // A finding, not a state: at 0 W nothing could disprove it. What stays is the latch, until a person has looked.
  if (supervisor_.disagrees()) supervisor_.ClearDisagreement();
  faults_.Report(FaultId::kBatterySilent, battery_.silent() && (started || battery.voltage.valid), now);
  faults_.Report(FaultId::kBatteryVoltageUnknown, !battery_.voltage().valid, now);
  faults_.Report(FaultId::kBatteryForbids, battery.present && !(battery.charge_allowed && battery.discharge_allowed),
                 now);
  faults_.Report(FaultId::kCellVoltageHigh, battery_.cell_too_high(), now);
  faults_.Report(FaultId::kCellVoltageLow, battery_.cell_too_low(), now);
  faults_.Report(FaultId::kTemperatureOutside, battery_.temperature_outside(), now);
  faults_.Report(FaultId::kCirculation, circulation_, now);
  faults_.Report(FaultId::kClockJump, void_before_ != MonotonicTime::min() && now - void_before_ < kClockJumpShown, now);
  for (int i = 0; i < settings_.converter_count; ++i) {
    const ConverterInput& input = inputs_.converters[i];
    faults_.Report(FaultId::kConverterSilent, !input.ready && !input.faulty && started, now, i);
    faults_.Report(FaultId::kConverterFaulty, input.faulty, now, i);
    faults_.Report(FaultId::kConverterNotFollowing, units_[i].following().off(), now, i);
  }
}

void ControlCore::WishForLoad(const Outputs& out, Wish& wish) const noexcept {
  if (!observer_.known()) {
    wish.reason = Reason::kWaitingForMeter;
    return;
  }
  // Where the load will be while the setpoint given now is in force: from its effect to that of the next one.
  Nanoseconds delay = kWire;
  for (int i = 0; i < settings_.converter_count; ++i) {
    if (units_[i].answers()) delay = std::max(delay, kWire + units_[i].tube().TypicalDelay());
  }
  const Nanoseconds ahead = delay + settings_.meter.interval / 2;
  const Watts load = settings_.regulation.lead ? observer_.LoadAt(ahead) : observer_.load();
  wish.power = out.target - load;
  const bool charges = wish.power > Watts(0);
  const Watts biased = wish.power + (charges ? settings_.regulation.charge_bias : settings_.regulation.discharge_bias);
  wish.power = charges ? std::max(biased, Watts(0)) : std::min(biased, Watts(0));
}

Wish ControlCore::Want(const Outputs& out) noexcept {
  Wish wish;
  if (mode_ == Mode::kForced) {
    wish.power = inputs_.intent.forced_power;
    wish.reason = Reason::kForced;
  } else {
    WishForLoad(out, wish);
  }
  wish.unlimited = wish.power;
  ProbeMeter(wish);
  LimitWish({.battery = out.battery_limits,
             .standing = StandingPower(),
             .intent = inputs_.intent,
             .mode = mode_,
             .meter_authority = supervisor_.Authority(inputs_.now),
             .waiting_for_meter = supervisor_.waiting(),
             .stop = faults_.StopCause()},
            wish);
  // A current limit is no obstacle to a step downwards; everything else is, and ends one that is under way.
  limited_ = wish.limited && wish.reason != Reason::kBatteryCurrentLimit;
  return wish;
}

void ControlCore::ProbeMeter(Wish& wish) noexcept {
  const MonotonicTime now = inputs_.now;
  MeterProbe::View view{.setpoint = Watts(0),
                        .settled_by = MonotonicTime::min(),
                        .last_answer = supervisor_.last_answer(),
                        .suspicious = supervisor_.suspicious(),
                        .stiller = supervisor_.stiller(),
                        .at_limit = false,
                        .allowed = false};
  for (int i = 0; i < settings_.converter_count; ++i) {
    view.setpoint += units_[i].writer().setpoint();
    view.settled_by = std::max(view.settled_by, units_[i].tube().SettledBy());
  }
  const bool one_way = wish.power.value() * view.setpoint.value() > 0.0;
  view.allowed = wish.reason == Reason::kRegulating && one_way && !limited_ && mode_ != Mode::kObserve;
  view.at_limit = Magnitude(wish.power) > Magnitude(view.setpoint) + kFarBeyond;
  if (!probe_.Step(view, now)) return;
  wish.power = probe_.power();
  wish.reason = Reason::kCheckingMeter;
}

Decision ControlCore::Decide(int converter, const ConverterView& view, const Assignment& assignment,
                             Watts room, const Wish& wish) noexcept {
  ConverterUnit& unit = units_[converter];
  const bool charges = assignment.power > Watts(0);
  Decision decision;
  decision.wanted = assignment.power;
  decision.reason = assignment.reason;
  decision.limit = assignment.limit;
  decision.limited = assignment.reason == Reason::kConverterLimit || assignment.reason == Reason::kBelowMinimum;
  if (mode_ == Mode::kObserve) {
    unit.writer().Override(Watts(0), inputs_.now);
    decision.reason = Reason::kObserving;
  } else {
    // An assignment below the standing power that a device's own limit asks for is no wish either.
    const bool must_reduce = wish.must_reduce || assignment.reason == Reason::kConverterLimit;
    const SetpointWriter::Result written =
        unit.writer().Decide({.wanted = assignment.power,
                              .least = charges ? view.min_charge : view.min_discharge,
                              .most = charges ? view.max_charge : view.max_discharge,
                              .room = room,
                              .must_reduce = must_reduce,
                              .fades = wish.reason == Reason::kMeterFading,
                              .measured = measured_,
                              .write_limited = inputs_.converters[converter].write_limited,
                              .turn_limited = inputs_.converters[converter].turn_limited},
                             unit.tube(), inputs_.now);
    if (decision.reason == Reason::kRegulating) decision.reason = written.reason;
  }
  // What limits or drives the plant explains a device that only carries it out.
  const bool plain = decision.reason == Reason::kRegulating || decision.reason == Reason::kNothingToDo;
  if (plain && wish.reason != Reason::kRegulating) {
    decision.reason = wish.reason;
    decision.limit = wish.limit;
    decision.limited = wish.limited;
  }
  return decision;
}

void ControlCore::Command(const Wish& wish, Outputs& out) noexcept {
  const MonotonicTime now = inputs_.now;
  ConverterViews views;
  for (int i = 0; i < settings_.converter_count; ++i) views[i] = units_[i].View();
  Assignments assignments;
  dispatcher_.Assign({wish.power, wish.charge_ceiling, wish.discharge_ceiling}, views, now, assignments);

  Watts room = wish.power > Watts(0) ? wish.charge_ceiling : wish.discharge_ceiling;
  for (int i = 0; i < settings_.converter_count; ++i) room -= Magnitude(assignments[i].power);
  room = std::max(room, Watts(0));

  std::array<Watts, kMaxConverters> powers{};
  std::array<Decision, kMaxConverters> decisions{};
  for (int i = 0; i < settings_.converter_count; ++i) {
    decisions[i] = Decide(i, views[i], assignments[i], room, wish);
    powers[i] = units_[i].writer().setpoint();
  }

  const Gate::Verdict verdict = gate_.Check(inputs_, faults_.Latched(), powers);
  circulation_ = verdict.circulation;
  for (int i = 0; i < settings_.converter_count; ++i) {
    ConverterUnit& unit = units_[i];
    if (powers[i] != unit.writer().setpoint()) {
      unit.writer().Override(powers[i], now);
      decisions[i].reason = Reason::kGate;
    }
    if (unit.answers()) unit.tube().Command(powers[i], now);
    decisions[i].setpoint = powers[i];
    Settle(unit.decision, decisions[i]);
    // With no more than regulation behind it, and never against what the plant wants.
    const bool may_idle = Idles(decisions[i].reason);
    out.converters[i] = {.power = powers[i],
                         .decision = unit.decision,
                         .may_idle_charging = may_idle && wish.power >= Watts(0) && views[i].max_charge > Watts(0) &&
                                              wish.charge_ceiling > Watts(0),
                         .may_idle_discharging = may_idle && wish.power <= Watts(0) &&
                                                 views[i].max_discharge > Watts(0) &&
                                                 wish.discharge_ceiling > Watts(0),
                         .learned = inputs_.converters[i].power_assumed ? learners_[i].learned() : Watts(0)};
  }
}

void ControlCore::Settle(Decision& decision, const Decision& next) const noexcept {
  const bool same = decision.reason == next.reason && decision.since != MonotonicTime::min();
  const MonotonicTime since = same ? decision.since : inputs_.now;
  decision = next;
  decision.since = since;
}

void ControlCore::Account(const Wish& wish, Outputs& out) noexcept {
  Decision plant{.setpoint = Watts(0), .wanted = wish.unlimited, .reason = wish.reason, .limit = wish.limit,
                 .limited = wish.limited, .since = MonotonicTime::min()};
  for (int i = 0; i < settings_.converter_count; ++i) plant.setpoint += out.converters[i].power;
  if (mode_ == Mode::kObserve) plant.reason = Reason::kObserving;
  // Where nothing holds the plant's wish back, what holds its only acting device back is the plant's reason too.
  for (int i = 0; i < settings_.converter_count && plant.reason == Reason::kRegulating; ++i) {
    const Decision& one = out.converters[i].decision;
    const bool acts = one.setpoint != Watts(0) || one.reason == Reason::kReversalHold ||
                      one.reason == Reason::kBelowMinimum || one.reason == Reason::kConverterNotReady ||
                      one.reason == Reason::kOtherDirection || one.reason == Reason::kNotFollowing;
    if (!acts) continue;
    plant.reason = one.reason;
    plant.limit = one.limit;
    plant.limited = one.limited;
  }
  Settle(plant_, plant);
  out.plant = plant_;

  out.load = {observer_.load(), observer_.measured_at(), observer_.known()};
  out.load_slope = observer_.slope();
  const double seconds = ToSeconds(inputs_.dt);
  const Watts power = StandingPower();
  (power > Watts(0) ? charged_ : discharged_) += Joules(Magnitude(power).value() * seconds);
  out.charged = charged_;
  out.discharged = discharged_;
  out.next_meter_at = supervisor_.NextExpected(inputs_.now);
  out.faults = faults_.slots();
}

}  // namespace abcds
