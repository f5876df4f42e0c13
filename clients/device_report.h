// Devices in lines of text for people.
#ifndef ABCDS_CLIENTS_DEVICE_REPORT_H_
#define ABCDS_CLIENTS_DEVICE_REPORT_H_

#include <string>
#include <vector>

#include "abcds/v1/devices.pb.h"

namespace abcds {

// "dc_voltage_v", 52.3 → {"dc voltage", "52.3 V"}: names end in their unit.
struct NamedValue {
  std::string name;
  std::string value;
};
[[nodiscard]] NamedValue ValueText(const std::string& name, double value);

// Who it is, what it says, what it allows.
[[nodiscard]] std::vector<std::string> ReportLines(const v1::DeviceReport& report);

// Every device with its state, identity, counters and trouble.
[[nodiscard]] std::vector<std::string> ListLines(const v1::ListDevicesResponse& devices);

// What there can be, and how it is reached.
[[nodiscard]] std::vector<std::string> TypeLines(const v1::ListDeviceTypesResponse& types);

// A device that a scan has found, with the lines for the configuration.
[[nodiscard]] std::vector<std::string> FoundLines(const v1::FoundDevice& found);

// "register 107 = 3478 (0x0D96)".
[[nodiscard]] std::string RegisterLine(const v1::RegisterValue& value);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_DEVICE_REPORT_H_
