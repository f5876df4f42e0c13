// The words of the control core: what it is told, what it decides, and why. Plain values throughout.
#ifndef ABCDS_CONTROL_CORE_TYPES_H_
#define ABCDS_CONTROL_CORE_TYPES_H_

#include <array>
#include <cstdint>
#include <optional>

#include "hal/units/quantity.h"
#include "hal/units/sample.h"
#include "hal/units/time.h"

namespace abcds {

inline constexpr int kMaxConverters = 8;

// ---- What the operator wants ----

enum class Mode : uint8_t {
  kAutomatic,      // hold the grid at the target
  kIdle,           // 0 W
  kObserve,        // compute and explain everything, keep every converter at 0 W
  kChargeOnly,     // automatic, but never discharging
  kDischargeOnly,  // automatic, but never charging
  kForced,         // charge or discharge with a given power
};

enum class FaultId : uint8_t {
  kMeterSilent,          // no trusted value for too long
  kMeterFrozen,          // one value repeated although our own power changed
  kMeterDisagrees,       // own steps do not show, or with the wrong sign or size: clamp backwards, kW instead of W
  kBatterySilent,        // the BMS does not answer
  kBatteryVoltageUnknown,// nobody reports a battery voltage
  kBatteryForbids,       // the BMS forbids charging and discharging, or one in the direction that was running
  kCellVoltageHigh,      // beyond the safety limit
  kCellVoltageLow,
  kTemperatureOutside,   // beyond the limits for charging and discharging
  kConverterSilent,      // per converter
  kConverterFaulty,      // per converter: the device reports a fault
  kConverterNotFollowing,// per converter: reads back something else than it was told
  kCirculation,          // the gate found a charger and a discharger commanded against each other
  kClockJump,            // the machine was suspended, or its clock jumped
  kCount,
};

// What an operator wants, as the arbiter on the ordinary side has settled it. Edges are generation counters, since a
// mailbox may skip values.
struct Intent {
  // Grows by one with each change, so that whoever asked for it can see in a snapshot that a cycle has acted on it.
  uint32_t generation = 0;
  Mode mode = Mode::kAutomatic;
  MonotonicTime mode_ends = MonotonicTime::max();  // from then on automatic
  Watts forced_power;                              // kForced: + charges
  Ratio forced_until_soc;                          // kForced: 0 means no such end
  Watts target;                                    // grid power to hold, + import
  MonotonicTime target_ends = MonotonicTime::max();// from then on the configured target
  bool charger_enabled = true;
  bool discharger_enabled = true;
  uint32_t clear_generation = 0;             // a new number clears latched faults whose cause has gone …
  FaultId clear_fault = FaultId::kCount;     // … of this kind only; kCount: all kinds
  int8_t clear_converter = -1;               // … of this converter only; -1: any
};

// ---- What the devices report (see hal/api for the contracts) ----

struct MeterInput {
  Sample<Watts> power;    // + import; taken at its arrival
  uint64_t sequence = 0;  // grows with each new measurement
  bool trusted = false;   // live, not retained or replayed
};

struct BatteryInput {
  Sample<Volts> voltage;
  Sample<Amperes> current;  // + charges
  Sample<Ratio> soc;
  Sample<Volts> cell_lowest;
  Sample<Volts> cell_highest;
  Sample<Celsius> temperature_lowest;
  Sample<Celsius> temperature_highest;
  Sample<Amperes> charge_current_limit;
  Sample<Amperes> discharge_current_limit;
  bool charge_allowed = true;
  bool discharge_allowed = true;
  bool present = false;  // a BMS is configured
};

struct ConverterInput {
  Sample<Watts> power;  // + charges
  Sample<Volts> dc_voltage;
  Sample<Watts> acknowledged;  // the newest setpoint it has confirmed
  Watts max_charge;
  Watts max_discharge;
  Watts min_charge{};
  Watts min_discharge{};
  bool write_limited = false;  // each new setpoint wears it out
  std::optional<uint64_t> memory_writes{};  // so many in its life, as it counts; missing: not known
  bool power_assumed = false;  // what it draws while it is on is assumed, not measured: to be learned
  bool turn_limited = false;   // each change of direction does, also where setpoints do not
  bool ready = false;   // answers and accepts commands
  bool faulty = false;  // answers, and reports a fault
};

struct Inputs {
  MonotonicTime now;
  Nanoseconds dt{0};            // since the previous step, as it really was
  bool samples_void = false;    // the machine slept: everything measured before is older than it looks
  MeterInput meter;
  BatteryInput battery;
  std::array<ConverterInput, kMaxConverters> converters;
  Intent intent;
};

// ---- What the core decides ----

// Why a setpoint is what it is: the binding cause, as data. Text is made at the faces.
enum class Reason : uint8_t {
  kStarting,            // nothing decided yet
  kRegulating,          // follows the load estimate
  kDeadband,            // the change is too small to be worth a write
  kMinimumInterval,     // the last write is too recent
  kWriteBudget,         // not worth one of the few writes that its memory has
  kSlewRate,
  kBelowMinimum,        // less than the device can deliver
  kReversalHold,        // waits between charging and discharging
  kOtherDirection,      // another converter runs in the other direction, or may do so unheard
  kSwitchTime,          // on or off for too short a time
  kNothingToDo,         // this device has no part in the present direction
  kConverterLimit,      // the device's own or configured limit
  kConverterNotReady,   // silent or faulty
  kNotFollowing,        // did not do what it was told; tried again after a pause
  kBatteryFull,
  kBatteryEmpty,
  kBatteryCurrentLimit,
  kCellVoltageLimit,    // derating towards, or stopped at, a cell or pack voltage limit
  kTemperatureLimit,    // likewise, temperature
  kBatteryForbids,      // the BMS says no
  kBatterySilent,
  kBatteryVoltageUnknown,
  kWaitingForMeter,     // no trusted value yet
  kMeterFading,         // the last value grows old: power is being reduced
  kMeterSilent,
  kMeterFrozen,
  kMeterDisagrees,
  kCheckingMeter,       // a step of our own, to see whether the meter shows it
  kIdle,                // mode
  kObserving,           // mode
  kForced,              // mode
  kModeForbids,         // charge only, discharge only
  kDisabled,            // the operator forbids this direction
  kFaultLatched,
  kGate,                // the last check refused what the rest had decided
  kCount,
};

struct Decision {
  Watts setpoint;                  // after everything
  Watts wanted;                    // before limits
  Reason reason = Reason::kStarting;
  Watts limit;                     // the binding limit, a magnitude; meaningful where `limited`
  bool limited = false;
  MonotonicTime since = MonotonicTime::min();  // of this reason
};

// What is left of a converter's write budget.
struct WriteSavings {
  double left = 0;       // writes; negative: to be saved up for first
  uint64_t written = 0;  // the device's own count at that moment
};

struct ConverterOutput {
  Watts power;  // to command now
  Decision decision;
  // At 0 W: whether a device that can may stay on with its least power in that direction.
  bool may_idle_charging = false;
  bool may_idle_discharging = false;
  // What the battery has shown that it draws at the AC side while it is on. 0: not learned.
  Watts learned{};
  std::optional<WriteSavings> savings{};  // missing: nothing is counted
};

enum class Severity : uint8_t { kWarning, kDerate, kStop };

struct FaultStatus {
  FaultId id = FaultId::kCount;
  int8_t converter = -1;  // -1: the plant
  bool active = false;    // its condition holds (after debounce)
  bool latched = false;   // stays until cleared
  Severity severity = Severity::kWarning;
  MonotonicTime since = MonotonicTime::min();
  uint32_t occurrences = 0;
};

// One slot per plant fault, and one per converter for those that concern a converter.
inline constexpr int kFaultSlots = static_cast<int>(FaultId::kCount) + 3 * (kMaxConverters - 1);

struct BatteryLimits {
  Watts charge;     // magnitudes, at the AC side: what may go into the battery and come out of it now
  Watts discharge;
  Reason charge_reason = Reason::kRegulating;     // what binds, where the limit is below the plain current limit
  Reason discharge_reason = Reason::kRegulating;
  bool full = false;
  bool empty = false;
  Watts other;  // what else charges the battery (DC, + charges) and has been taken off the limits
};

struct Outputs {
  std::array<ConverterOutput, kMaxConverters> converters;
  Decision plant;           // sum over all converters
  Mode mode = Mode::kAutomatic;  // in force now, leases considered
  Watts target;             // likewise
  Sample<Watts> load;       // estimate of what the house draws without our converters
  WattsPerSecond load_slope;
  Sample<Volts> battery_voltage;  // from BMS or converters, whichever is in use
  BatteryLimits battery_limits;
  Joules charged;           // energy moved since the start, AC side
  Joules discharged;
  MonotonicTime next_meter_at = MonotonicTime::min();  // when the next value is expected; min(): unknown
  std::array<FaultStatus, kFaultSlots> faults;
};

}  // namespace abcds

#endif  // ABCDS_CONTROL_CORE_TYPES_H_
