#include "control/core/control_core.h"

#include <algorithm>

#include "control/core/explanation.h"
#include "control/core/void_samples.h"

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

}  // namespace

ControlCore::ControlCore(const CoreSettings& settings) noexcept
    : settings_(settings),
      observer_(settings.meter),
      supervisor_(settings.meter),
      probe_(settings.meter),
      battery_(settings.battery),
      dispatcher_(settings),
      gate_(settings),
      fleet_(settings) {}

void ControlCore::Step(const Inputs& inputs, Outputs& out) noexcept {
  inputs_ = inputs;
  out = Outputs{};
  if (started_at_ == MonotonicTime::max()) started_at_ = inputs.now;
  VoidOldSamples();
  ResolveIntent(out);
  fleet_.Observe(inputs_);
  ObserveMeter();
  ProtectBattery(out);
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
  if (void_before_ != MonotonicTime::min()) VoidSamplesUntil(void_before_, inputs_);
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

void ControlCore::ObserveMeter() noexcept {
  observer_.OwnPower(inputs_.now, fleet_.power(), fleet_.silenced());
  const MeterInput& meter = inputs_.meter;
  measured_ = meter.trusted && meter.power.valid && IsFinite(meter.power.value) && meter.sequence != last_sequence_;
  if (!measured_) return;
  last_sequence_ = meter.sequence;
  // After a silence the old estimate says nothing.
  if (supervisor_.Silent(meter.power.taken_at)) observer_.Reset();
  observer_.Measured(meter.power.value, meter.power.taken_at);
  supervisor_.Measured(meter.power.value, observer_.own(), meter.power.taken_at, probe_.active());
}

void ControlCore::ProtectBattery(Outputs& out) noexcept {
  out.battery_limits = battery_.Update(inputs_.battery, fleet_.TerminalVoltage(inputs_),
                                       fleet_.PowerAtBattery(inputs_.now), inputs_.now);
  fleet_.LimitAtConverters(out.battery_limits);
  out.battery_voltage = battery_.voltage();
  fleet_.Judge(inputs_, battery_.charge_tapers(), battery_.discharge_tapers());
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
    faults_.Report(FaultId::kConverterNotFollowing, fleet_[i].following().off(), now, i);
  }
}

void ControlCore::WishForLoad(const Outputs& out, Wish& wish) const noexcept {
  if (!observer_.known()) {
    wish.reason = Reason::kWaitingForMeter;
    return;
  }
  // Where the load will be while the setpoint given now is in force: from its effect to that of the next one.
  const Nanoseconds ahead = kWire + fleet_.TypicalDelay() + settings_.meter.interval / 2;
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
             .standing = fleet_.power().Middle(),
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
  const Watts setpoint = fleet_.Setpoint();
  const bool one_way = wish.power.value() * setpoint.value() > 0.0;
  const MeterProbe::View view{
      .setpoint = setpoint,
      .settled_by = fleet_.SettledBy(),
      .last_answer = supervisor_.last_answer(),
      .suspicious = supervisor_.suspicious(),
      .stiller = supervisor_.stiller(),
      .at_limit = Magnitude(wish.power) > Magnitude(setpoint) + kFarBeyond,
      .allowed = wish.reason == Reason::kRegulating && one_way && !limited_ && mode_ != Mode::kObserve};
  if (!probe_.Step(view, inputs_.now)) return;
  wish.power = probe_.power();
  wish.reason = Reason::kCheckingMeter;
}

Reason ControlCore::Write(int converter, const ConverterView& view, const Assignment& assignment, Watts room,
                          const Wish& wish) noexcept {
  SetpointWriter& writer = fleet_[converter].writer();
  if (mode_ == Mode::kObserve) {
    writer.Override(Watts(0), inputs_.now);
    return Reason::kObserving;
  }
  const bool charges = assignment.power > Watts(0);
  // An assignment below the standing power that a device's own limit asks for is no wish either.
  const bool must_reduce = wish.must_reduce || assignment.reason == Reason::kConverterLimit;
  return writer
      .Decide({.wanted = assignment.power,
               .least = charges ? view.min_charge : view.min_discharge,
               .most = charges ? view.max_charge : view.max_discharge,
               .room = room,
               .must_reduce = must_reduce,
               .fades = wish.reason == Reason::kMeterFading,
               .measured = measured_,
               .write_limited = inputs_.converters[converter].write_limited,
               .memory_writes = inputs_.converters[converter].memory_writes,
               .turn_limited = inputs_.converters[converter].turn_limited},
              fleet_[converter].tube(), inputs_.now)
      .reason;
}

void ControlCore::Command(const Wish& wish, Outputs& out) noexcept {
  const MonotonicTime now = inputs_.now;
  const ConverterViews views = fleet_.Views();
  Assignments assignments;
  dispatcher_.Assign({wish.power, wish.charge_ceiling, wish.discharge_ceiling}, views, now, assignments);

  Watts room = wish.power > Watts(0) ? wish.charge_ceiling : wish.discharge_ceiling;
  for (int i = 0; i < settings_.converter_count; ++i) room -= Magnitude(assignments[i].power);
  room = std::max(room, Watts(0));

  std::array<Watts, kMaxConverters> powers{};
  std::array<Decision, kMaxConverters> decisions{};
  for (int i = 0; i < settings_.converter_count; ++i) {
    const Reason written = Write(i, views[i], assignments[i], room, wish);
    decisions[i] = ExplainConverter(assignments[i], written, wish);
    powers[i] = fleet_[i].writer().setpoint();
  }

  const Gate::Verdict verdict = gate_.Check(inputs_, faults_.Latched(), powers);
  circulation_ = verdict.circulation;
  for (int i = 0; i < settings_.converter_count; ++i) {
    ConverterUnit& unit = fleet_[i];
    if (powers[i] != unit.writer().setpoint()) {
      unit.writer().Override(powers[i], now);
      decisions[i].reason = Reason::kGate;
    }
    if (unit.answers()) unit.tube().Command(powers[i], now);
    decisions[i].setpoint = powers[i];
    unit.decision = Since(unit.decision, decisions[i], now);
    // With no more than regulation behind it, and never against what the plant wants.
    const bool may_idle = Idles(decisions[i].reason);
    out.converters[i] = {.power = powers[i],
                         .decision = unit.decision,
                         .may_idle_charging = may_idle && wish.power >= Watts(0) && views[i].max_charge > Watts(0) &&
                                              wish.charge_ceiling > Watts(0),
                         .may_idle_discharging = may_idle && wish.power <= Watts(0) &&
                                                 views[i].max_discharge > Watts(0) &&
                                                 wish.discharge_ceiling > Watts(0),
                         .learned = inputs_.converters[i].power_assumed ? fleet_.learned(i) : Watts(0),
                         .savings = fleet_[i].writer().budget().savings()};
  }
}

void ControlCore::Account(const Wish& wish, Outputs& out) noexcept {
  plant_ = Since(plant_, ExplainPlant(wish, out, settings_.converter_count), inputs_.now);
  out.plant = plant_;

  out.load = {observer_.load(), observer_.measured_at(), observer_.known()};
  out.load_slope = observer_.slope();
  const double seconds = ToSeconds(inputs_.dt);
  const Watts power = fleet_.power().Middle();
  (power > Watts(0) ? charged_ : discharged_) += Joules(Magnitude(power).value() * seconds);
  out.charged = charged_;
  out.discharged = discharged_;
  out.next_meter_at = supervisor_.NextExpected(inputs_.now);
  out.faults = faults_.slots();
}

}  // namespace abcds
