// What does not change while the daemon runs: names and settings of the site.
#ifndef ABCDS_SERVER_PLANT_FACTS_H_
#define ABCDS_SERVER_PLANT_FACTS_H_

#include <optional>
#include <string>
#include <vector>

#include "control/core/settings.h"

namespace abcds {

struct DeviceFacts {
  std::string name;         // as configured, unique
  std::string device_type;  // "lumentree", "mqtt", …
};

struct SiteFacts {
  std::string site;
  std::string version;
  DeviceFacts meter;
  std::optional<DeviceFacts> battery;   // the BMS; missing: none is configured
  std::vector<DeviceFacts> converters;  // in the order of settings.converters
  CoreSettings settings;
  bool observing = false;  // started to command nothing: mode observe, for good
};

}  // namespace abcds

#endif  // ABCDS_SERVER_PLANT_FACTS_H_
