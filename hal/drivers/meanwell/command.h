// The commands of Mean Well's CAN protocol, as one table.
//
// Source: BIC-2200 user manual (edition 2024-10), NPB-450/750/1200/1700 manual as independent projects reproduce it,
// and the CAN library of the Python system MacGH23/BatteryScript_ABCDs. README.md says where they differ.
#ifndef ABCDS_HAL_DRIVERS_MEANWELL_COMMAND_H_
#define ABCDS_HAL_DRIVERS_MEANWELL_COMMAND_H_

#include <cstdint>
#include <span>

namespace abcds::meanwell {

// Who speaks: they differ in identifiers, in which commands they know and in the meaning of some bits.
enum class Family : uint8_t {
  kBic,  // BIC-2200-CAN: both directions
  kNpb,  // NPB-450/750/1200/1700: charger
};

enum class Command : uint16_t {
  kOperation = 0x0000,
  kVoutSet = 0x0020,
  kIoutSet = 0x0030,
  kFaultStatus = 0x0040,
  kReadVin = 0x0050,
  kReadVout = 0x0060,
  kReadIout = 0x0061,
  kReadTemperature1 = 0x0062,
  kReadFanSpeed1 = 0x0070,
  kReadFanSpeed2 = 0x0071,
  kMfrIdB0B5 = 0x0080,
  kMfrIdB6B11 = 0x0081,
  kMfrModelB0B5 = 0x0082,
  kMfrModelB6B11 = 0x0083,
  kMfrRevision = 0x0084,
  kMfrLocation = 0x0085,
  kMfrDate = 0x0086,
  kMfrSerialB0B5 = 0x0087,
  kMfrSerialB6B11 = 0x0088,
  kCurveCc = 0x00B0,
  kCurveCv = 0x00B1,
  kCurveFv = 0x00B2,
  kCurveTc = 0x00B3,
  kCurveConfig = 0x00B4,
  kCurveCcTimeout = 0x00B5,
  kCurveCvTimeout = 0x00B6,
  kCurveFvTimeout = 0x00B7,
  kChgStatus = 0x00B8,
  kChgRestartVbat = 0x00B9,
  kScalingFactor = 0x00C0,
  kSystemStatus = 0x00C1,
  kSystemConfig = 0x00C2,
  kDirectionCtrl = 0x0100,
  kReverseVoutSet = 0x0120,
  kReverseIoutSet = 0x0130,
  kBidirectionalConfig = 0x0140,
};

// What a command's value means.
enum class Format : uint8_t {
  kSwitch,           // 0 off, 1 on
  kDirection,        // 0 charge, 1 discharge
  kVoltage,          // DC, by the scaling of VOUT
  kCurrent,          // DC, by the scaling of IOUT; a magnitude
  kMeasuredCurrent,  // the same; signed on the BIC, + charges
  kAcVoltage,
  kTemperature,  // signed
  kFanSpeed,     // rpm
  kText,
  kRevision,  // a byte per processor, tenths; FF: there is none
  kFaults,
  kSystemStatus,
  kSystemConfig,
  kCurveConfig,
  kChargeStatus,
  kMinutes,
  kScaling,
  kBidirectionalConfig,
};

struct CommandInfo {
  Command command;
  const char* name;  // as the manuals spell it
  const char* key;   // as decoded values are named, with the unit
  uint8_t bytes;     // of its value: 1, 2, 3 or 6
  Format format;
  bool bic;
  bool npb;
  bool writable;
};

// All of them, by ascending code.
[[nodiscard]] std::span<const CommandInfo> Commands() noexcept;
// Null: no command of either family.
[[nodiscard]] const CommandInfo* FindCommand(uint16_t code) noexcept;
[[nodiscard]] const CommandInfo& InfoOf(Command command) noexcept;
[[nodiscard]] inline bool Knows(Family family, const CommandInfo& info) noexcept {
  return family == Family::kBic ? info.bic : info.npb;
}
// For people: "BIC-2200", "NPB".
[[nodiscard]] const char* FamilyName(Family family) noexcept;

}  // namespace abcds::meanwell

#endif  // ABCDS_HAL_DRIVERS_MEANWELL_COMMAND_H_
