// Where the devices of a configuration are, in words, and which lines they occupy.
#ifndef ABCDS_SERVER_DEVICES_ACCESS_CONFIGURED_H_
#define ABCDS_SERVER_DEVICES_ACCESS_CONFIGURED_H_

#include <map>
#include <string>
#include <vector>

#include "server/config/site.h"

namespace abcds {

// By the device's name: "/dev/ttyUSB0 at 9600 baud, address 1", "CAN can0, address 3",
// "192.168.1.10, topic tele/meter/SENSOR", "simulated".
[[nodiscard]] std::map<std::string, std::string> ConnectionsOf(const Site& site);

struct OccupiedLine {
  std::string port;                  // as configured
  std::vector<std::string> devices;  // "inverter (lumentree)"
};
[[nodiscard]] std::vector<OccupiedLine> OccupiedLinesOf(const Site& site);

// The line that `port` names, by whatever link; null where it is none of them.
[[nodiscard]] const OccupiedLine* FindLine(const std::vector<OccupiedLine>& lines, const std::string& port);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_ACCESS_CONFIGURED_H_
