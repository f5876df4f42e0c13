#include "control/core/names.h"

namespace abcds {

// No default labels: the compiler names what is missing.

const char* ReasonName(Reason reason) noexcept {
  switch (reason) {
    case Reason::kStarting: return "starting";
    case Reason::kRegulating: return "regulating";
    case Reason::kDeadband: return "deadband";
    case Reason::kMinimumInterval: return "minimum_interval";
    case Reason::kWriteBudget: return "write_budget";
    case Reason::kSlewRate: return "slew_rate";
    case Reason::kBelowMinimum: return "below_minimum";
    case Reason::kReversalHold: return "reversal_hold";
    case Reason::kOtherDirection: return "other_direction";
    case Reason::kSwitchTime: return "switch_time";
    case Reason::kNothingToDo: return "nothing_to_do";
    case Reason::kConverterLimit: return "converter_limit";
    case Reason::kConverterNotReady: return "converter_not_ready";
    case Reason::kNotFollowing: return "not_following";
    case Reason::kBatteryFull: return "battery_full";
    case Reason::kBatteryEmpty: return "battery_empty";
    case Reason::kBatteryCurrentLimit: return "battery_current_limit";
    case Reason::kCellVoltageLimit: return "cell_voltage_limit";
    case Reason::kTemperatureLimit: return "temperature_limit";
    case Reason::kBatteryForbids: return "battery_forbids";
    case Reason::kBatterySilent: return "battery_silent";
    case Reason::kBatteryVoltageUnknown: return "battery_voltage_unknown";
    case Reason::kWaitingForMeter: return "waiting_for_meter";
    case Reason::kMeterFading: return "meter_fading";
    case Reason::kMeterSilent: return "meter_silent";
    case Reason::kMeterFrozen: return "meter_frozen";
    case Reason::kMeterDisagrees: return "meter_disagrees";
    case Reason::kCheckingMeter: return "checking_meter";
    case Reason::kIdle: return "idle";
    case Reason::kObserving: return "observing";
    case Reason::kForced: return "forced";
    case Reason::kModeForbids: return "mode_forbids";
    case Reason::kDisabled: return "disabled";
    case Reason::kFaultLatched: return "fault_latched";
    case Reason::kGate: return "gate";
    case Reason::kCount: break;
  }
  return "unknown";
}

const char* FaultName(FaultId id) noexcept {
  switch (id) {
    case FaultId::kMeterSilent: return "meter_silent";
    case FaultId::kMeterFrozen: return "meter_frozen";
    case FaultId::kMeterDisagrees: return "meter_disagrees";
    case FaultId::kBatterySilent: return "battery_silent";
    case FaultId::kBatteryVoltageUnknown: return "battery_voltage_unknown";
    case FaultId::kBatteryForbids: return "battery_forbids";
    case FaultId::kCellVoltageHigh: return "cell_voltage_high";
    case FaultId::kCellVoltageLow: return "cell_voltage_low";
    case FaultId::kTemperatureOutside: return "temperature_outside";
    case FaultId::kConverterSilent: return "converter_silent";
    case FaultId::kConverterFaulty: return "converter_faulty";
    case FaultId::kConverterNotFollowing: return "converter_not_following";
    case FaultId::kCirculation: return "circulation";
    case FaultId::kClockJump: return "clock_jump";
    case FaultId::kCount: break;
  }
  return "unknown";
}

const char* ModeName(Mode mode) noexcept {
  switch (mode) {
    case Mode::kAutomatic: return "automatic";
    case Mode::kIdle: return "idle";
    case Mode::kObserve: return "observe";
    case Mode::kChargeOnly: return "charge_only";
    case Mode::kDischargeOnly: return "discharge_only";
    case Mode::kForced: return "forced";
  }
  return "unknown";
}

const char* FaultText(FaultId id) noexcept {
  switch (id) {
    case FaultId::kMeterSilent:
      return "The meter has sent nothing usable for too long; all converters are at 0 W. Goes away by itself when its "
             "values come back.";
    case FaultId::kMeterFrozen:
      return "The meter repeats one value although our own power has changed. Restart the meter or its gateway; goes "
             "away when its value moves again.";
    case FaultId::kMeterDisagrees:
      return "Three steps of our own power showed on the meter with the wrong sign or size. Check its direction (invert) "
             "and its unit (scale), then clear the fault.";
    case FaultId::kBatterySilent:
      return "The battery's BMS does not answer; all converters are at 0 W. Check its cable and power; goes away by "
             "itself.";
    case FaultId::kBatteryVoltageUnknown:
      return "Neither a BMS nor a converter reports the battery's voltage. Check the battery fuse and the converters' "
             "cables.";
    case FaultId::kBatteryForbids:
      return "The BMS forbids charging or discharging. Its own alarm says why.";
    case FaultId::kCellVoltageHigh:
      return "A cell is far above its limit. Check the cells and the charger before clearing the fault.";
    case FaultId::kCellVoltageLow:
      return "A cell is far below its limit. Check the cells and recharge them slowly before clearing the fault.";
    case FaultId::kTemperatureOutside:
      return "The cells are far too cold or too hot; all converters are at 0 W. Goes away by itself.";
    case FaultId::kConverterSilent:
      return "The converter does not answer. Check its power and its cable; it is tried again for ever.";
    case FaultId::kConverterFaulty:
      return "The converter reports a fault or refuses commands. Its details say which.";
    case FaultId::kConverterNotFollowing:
      return "The converter delivers something else than it was told for more than 10 s. It may be limited by its DC side "
             "or may have restarted; the others take over, and it is tried again after a pause.";
    case FaultId::kCirculation:
      return "A charger and a discharger were about to run against each other; this is a defect of this program. Please "
             "report it with the log, then clear the fault.";
    case FaultId::kClockJump:
      return "The machine was suspended or its clock jumped; everything measured before was discarded.";
    case FaultId::kCount: break;
  }
  return "";
}

}  // namespace abcds
