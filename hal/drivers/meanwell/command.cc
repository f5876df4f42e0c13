#include "hal/drivers/meanwell/command.h"

#include <iterator>

#include "hal/units/check.h"

namespace abcds::meanwell {
namespace {

using enum Command;
using F = Format;

constexpr CommandInfo kCommands[] = {
    // code, name, name of its value, bytes, format, BIC, NPB, writable
    {kOperation, "OPERATION", "operation_on", 1, F::kSwitch, true, true, true},
    {kVoutSet, "VOUT_SET", "voltage_setpoint_v", 2, F::kVoltage, true, true, true},
    {kIoutSet, "IOUT_SET", "current_setpoint_a", 2, F::kCurrent, true, true, true},
    {kFaultStatus, "FAULT_STATUS", "fault_status_bits", 2, F::kFaults, true, true, false},
    {kReadVin, "READ_VIN", "ac_voltage_v", 2, F::kAcVoltage, true, true, false},
    {kReadVout, "READ_VOUT", "dc_voltage_v", 2, F::kVoltage, true, true, false},
    {kReadIout, "READ_IOUT", "current_a", 2, F::kMeasuredCurrent, true, true, false},
    {kReadTemperature1, "READ_TEMPERATURE_1", "temperature_c", 2, F::kTemperature, true, true, false},
    {kReadFanSpeed1, "READ_FAN_SPEED_1", "fan_1_rpm", 2, F::kFanSpeed, true, false, false},
    {kReadFanSpeed2, "READ_FAN_SPEED_2", "fan_2_rpm", 2, F::kFanSpeed, true, false, false},
    {kMfrIdB0B5, "MFR_ID_B0B5", "manufacturer", 6, F::kText, true, true, false},
    {kMfrIdB6B11, "MFR_ID_B6B11", "manufacturer", 6, F::kText, true, true, false},
    {kMfrModelB0B5, "MFR_MODEL_B0B5", "model", 6, F::kText, true, true, false},
    {kMfrModelB6B11, "MFR_MODEL_B6B11", "model", 6, F::kText, true, true, false},
    {kMfrRevision, "MFR_REVISION_B0B5", "revision", 6, F::kRevision, true, true, false},
    {kMfrLocation, "MFR_LOCATION_B0B2", "location", 3, F::kText, true, true, true},
    {kMfrDate, "MFR_DATE_B0B5", "manufacturing_date", 6, F::kText, true, true, true},
    {kMfrSerialB0B5, "MFR_SERIAL_B0B5", "serial_number", 6, F::kText, true, true, true},
    {kMfrSerialB6B11, "MFR_SERIAL_B6B11", "serial_number", 6, F::kText, true, true, true},
    {kCurveCc, "CURVE_CC", "curve_cc_a", 2, F::kCurrent, false, true, true},
    {kCurveCv, "CURVE_CV", "curve_cv_v", 2, F::kVoltage, false, true, true},
    {kCurveFv, "CURVE_FV", "curve_fv_v", 2, F::kVoltage, false, true, true},
    {kCurveTc, "CURVE_TC", "curve_tc_a", 2, F::kCurrent, false, true, true},
    {kCurveConfig, "CURVE_CONFIG", "curve_config_bits", 2, F::kCurveConfig, false, true, true},
    {kCurveCcTimeout, "CURVE_CC_TIMEOUT", "curve_cc_timeout_min", 2, F::kMinutes, false, true, true},
    {kCurveCvTimeout, "CURVE_CV_TIMEOUT", "curve_cv_timeout_min", 2, F::kMinutes, false, true, true},
    {kCurveFvTimeout, "CURVE_FV_TIMEOUT", "curve_fv_timeout_min", 2, F::kMinutes, false, true, true},
    {kChgStatus, "CHG_STATUS", "charge_status_bits", 2, F::kChargeStatus, false, true, false},
    {kChgRestartVbat, "CHG_RST_VBAT", "charge_restart_voltage_v", 2, F::kVoltage, false, true, true},
    {kScalingFactor, "SCALING_FACTOR", "scaling", 6, F::kScaling, true, true, false},
    {kSystemStatus, "SYSTEM_STATUS", "system_status_bits", 2, F::kSystemStatus, true, true, false},
    {kSystemConfig, "SYSTEM_CONFIG", "system_config_bits", 2, F::kSystemConfig, true, true, true},
    {kDirectionCtrl, "DIRECTION_CTRL", "direction", 1, F::kDirection, true, false, true},
    {kReverseVoutSet, "REVERSE_VOUT_SET", "discharge_voltage_setpoint_v", 2, F::kVoltage, true, false, true},
    {kReverseIoutSet, "REVERSE_IOUT_SET", "discharge_current_setpoint_a", 2, F::kCurrent, true, false, true},
    {kBidirectionalConfig, "BIDIRECTIONAL_CONFIG", "bidirectional_config_bits", 2, F::kBidirectionalConfig, true, false,
     true},
};

}  // namespace

std::span<const CommandInfo> Commands() noexcept { return kCommands; }

const CommandInfo* FindCommand(uint16_t code) noexcept {
  for (const CommandInfo& info : kCommands) {
    if (static_cast<uint16_t>(info.command) == code) return &info;
  }
  return nullptr;
}

const CommandInfo& InfoOf(Command command) noexcept {
  const CommandInfo* info = FindCommand(static_cast<uint16_t>(command));
  ABCDS_CHECK(info != nullptr);
  return *info;
}

const char* FamilyName(Family family) noexcept { return family == Family::kBic ? "BIC-2200" : "NPB"; }

}  // namespace abcds::meanwell
