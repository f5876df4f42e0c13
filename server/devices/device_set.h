// All devices of a site: built, started and stopped in the order that safety asks for.
#ifndef ABCDS_SERVER_DEVICES_DEVICE_SET_H_
#define ABCDS_SERVER_DEVICES_DEVICE_SET_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/runtime/cycle.h"
#include "hal/api/battery_monitor.h"
#include "hal/api/device_details.h"
#include "hal/api/grid_meter.h"
#include "hal/api/power_converter.h"
#include "hal/api/write_ledger.h"
#include "hal/rt/progress.h"
#include "server/config/site.h"

namespace abcds {

class BusSet;

class DeviceSet {
 public:
  enum class Purpose : uint8_t {
    kRegulate,
    kObserve,  // no converter is opened: ObservedConverter stands in for each
  };
  // A device as faces see it.
  struct View {
    std::string name;                        // unique in the site
    std::string type;                        // "lumentree"
    std::function<DeviceDetails()> details;  // any ordinary thread; valid while the set lives
  };

  // Makes the devices; touches no wire. Fails where something beside the configuration is missing, such as a password
  // file. `site` must come from LoadSite with KnownDevices(); `ledger` outlives the set.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<DeviceSet>> Build(const Site& site, WriteLedger& ledger,
                                                                        Purpose purpose = Purpose::kRegulate);

  ~DeviceSet();
  DeviceSet(const DeviceSet&) = delete;
  DeviceSet& operator=(const DeviceSet&) = delete;

  // Opens every actuator first, each with 0 W as its first command; BMS and meter are asked once all have acknowledged
  // it, or after a second at the latest. A device that is missing or dead is no error, nor is a line that another program
  // holds: these are retried for ever. FailedPrecondition where a daemon that runs owns a line, InvalidArgument where a
  // port can never be one: every converter on the other lines has been told 0 W then, and all is stopped again.
  [[nodiscard]] absl::Status Start();
  // Every converter at 0 W, all in parallel and before anything else is closed; then the rest. Idempotent. Returns
  // within about 3 s.
  void Stop();

  // For ControlLoop and Cycle; converters in the order of the configuration.
  [[nodiscard]] CycleDevices cycle_devices() const;

  // Of the threads that speak to the converters, in the order of the configuration. Any thread.
  [[nodiscard]] std::vector<ThreadProgress> threads() const;

  [[nodiscard]] const View& meter() const { return meter_view_; }
  [[nodiscard]] const std::optional<View>& battery() const { return battery_view_; }
  [[nodiscard]] const std::vector<View>& converters() const { return converter_views_; }

 private:
  DeviceSet();
  void AwaitZero();

  std::unique_ptr<BusSet> buses_;  // outlives the devices on it
  std::vector<std::shared_ptr<PowerConverter>> converters_;
  std::shared_ptr<BatteryMonitor> battery_;
  std::shared_ptr<GridMeter> meter_;
  View meter_view_;
  std::optional<View> battery_view_;
  std::vector<View> converter_views_;
  bool running_ = false;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_DEVICE_SET_H_
