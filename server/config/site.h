// A checked site: what the configuration file says, as plain values. Everything in it is within its range and all
// relations hold.
#ifndef ABCDS_SERVER_CONFIG_SITE_H_
#define ABCDS_SERVER_CONFIG_SITE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "abcds/v1/config.pb.h"
#include "absl/status/statusor.h"
#include "control/core/settings.h"
#include "hal/units/time.h"
#include "server/config/device_rules.h"

namespace abcds {

struct Site {
  struct Device {
    std::string name;  // "inverter"
    std::string type;  // "lumentree"
    std::string arm;   // field of the `device` oneof that is set; finds the type in a catalog together with its kind
  };
  struct SerialBus {
    std::string name;
    std::string port;
    uint32_t baud = 0;
  };

  struct CanBus {
    std::string name;
    std::string interface;   // of the kernel; empty: an adapter at
    std::string slcan_port;  // this port
    uint32_t bitrate = 0;
    bool bring_up = false;
  };

  std::string name;
  CoreSettings core;

  Nanoseconds period = std::chrono::milliseconds(20);
  int priority = 40;       // SCHED_FIFO
  std::optional<int> cpu;  // missing: any

  std::string grpc_listen;  // "127.0.0.1:50051"; empty: off
  std::string metrics_listen;

  Device meter;
  std::optional<Device> battery;   // the BMS
  std::vector<Device> converters;  // in the order of core.converters
  std::vector<SerialBus> buses;
  std::vector<CanBus> can_buses;

  // The file as parsed, for server/devices. It holds passwords: never print, log or export it.
  v1::Config config;
};

// A configuration file's text. Errors as LoadSite's for a file that cannot be read, is empty or far too large.
[[nodiscard]] absl::StatusOr<std::string> ReadConfigFile(const std::string& path);

// Reads and checks a file. NotFound or PermissionDenied with a sentence where it cannot be read; InvalidArgument with
// one line per problem, all of them, where its content is wrong.
[[nodiscard]] absl::StatusOr<Site> LoadSite(const std::string& path, const DeviceCatalog& catalog);

// The same for a text; `name` stands in for the file name.
[[nodiscard]] absl::StatusOr<Site> LoadSiteText(const std::string& text, const std::string& name,
                                                const DeviceCatalog& catalog);

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_SITE_H_
