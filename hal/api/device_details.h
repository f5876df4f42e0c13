// What people want to know of a device and control does not need.
#ifndef ABCDS_HAL_API_DEVICE_DETAILS_H_
#define ABCDS_HAL_API_DEVICE_DETAILS_H_

#include <cstdint>
#include <map>
#include <string>

namespace abcds {

// A device's second, slower publication (the first is its state for the control cycle). Names are snake case and end in
// the unit where there is one, as `abcdsctl decode` prints them: "ac_voltage_v", "temperature_c".
struct DeviceDetails {
  std::map<std::string, std::string> identity;  // "model", "serial_number", "port", …; never a secret
  std::map<std::string, double> readings;
  std::map<std::string, uint64_t> counters;     // "requests", "timeouts", "checksum_errors", …; only ever grow
  std::string trouble;                          // one sentence on what is wrong now and what to do; empty when nothing is
};

}  // namespace abcds

#endif  // ABCDS_HAL_API_DEVICE_DETAILS_H_
