// Looks for devices on serial lines and CAN buses.
#ifndef ABCDS_SERVER_DEVICES_ACCESS_SCAN_H_
#define ABCDS_SERVER_DEVICES_ACCESS_SCAN_H_

#include <functional>
#include <string>
#include <vector>

#include "abcds/v1/devices.pb.h"
#include "server/devices/access/configured.h"
#include "server/devices/direct_access.h"

namespace abcds {

struct ScanPlan {
  std::vector<std::string> ports;              // serial ones, and CAN interfaces of the kernel ("can0")
  std::vector<const DirectAccess*> types;      // on serial lines
  std::vector<const DirectAccess*> can_types;  // behind a CAN interface, or an SLCAN adapter on a serial port
  int address_highest = 8;                 // for types with addresses
  std::vector<OccupiedLine> occupied;      // by this very process: told, never touched
};

// False: nobody listens any more, the scan ends.
using ScanSink = std::function<bool(const v1::ScanDevicesResponse&)>;

// One question after the other, each one short try that only reads. A line on which one baud rate has brought an answer
// is not asked at another one, and no line for serial and CAN devices once one of the two has answered. Ends early when it
// is cancelled.
void Scan(const ScanPlan& plan, const ScanSink& sink, const Cancelled& cancelled);

// The proto's words for what was found.
[[nodiscard]] v1::DeviceReport ReportOf(const DirectAccess& access, const DirectTarget& target,
                                        const DirectReport& report);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_ACCESS_SCAN_H_
