// Which Mean Well device a command line means.
#ifndef ABCDS_SERVER_DEVICES_MEANWELL_TARGET_H_
#define ABCDS_SERVER_DEVICES_MEANWELL_TARGET_H_

#include <string>

#include "absl/status/statusor.h"
#include "hal/drivers/meanwell/safe_state.h"
#include "hal/drivers/meanwell/session.h"

namespace abcds {

struct MeanwellTarget {
  meanwell::Options options;
  meanwell::Line line;
  bool configured = false;    // its voltages are known
  std::string site = "home";  // whose daemon counts its writes
};

// How a command line names it. Either by the configuration, or by all of type, can and unit.
struct MeanwellChoice {
  std::string config;  // empty: `default_config`; with `can` only for the site's name, and then it may be missing
  std::string device;  // of the configuration; empty: the only Mean Well in it
  std::string can;     // interface, device node, pty or "tcp://host:port"
  std::string type;    // "npb" or "bic"
  std::string unit;    // hexadecimal, as the original has it; empty: 03 or 00
  std::string default_config = "/etc/abcds/abcds.textproto";
};

// One sentence where there is no such device, or more than one.
[[nodiscard]] absl::StatusOr<MeanwellTarget> FindMeanwell(const MeanwellChoice& choice);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_MEANWELL_TARGET_H_
