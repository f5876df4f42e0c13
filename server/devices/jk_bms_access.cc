#include "server/devices/jk_bms_access.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "hal/drivers/bus/bus_set.h"
#include "hal/drivers/bus/port_check.h"
#include "hal/drivers/jk_bms/device.h"
#include "server/devices/fragment.h"
#include "server/devices/meter_access.h"

namespace abcds {
namespace {

// The protections that are set in the board are limits to us.
void MoveLimits(DirectReport& report) {
  std::map<std::string, double>& readings = report.details.readings;
  for (auto reading = readings.begin(); reading != readings.end();) {
    if (absl::StrContains(reading->first, "overcurrent") || absl::StrContains(reading->first, "overvoltage") ||
        absl::StrContains(reading->first, "undervoltage")) {
      report.limits.insert(*reading);
      reading = readings.erase(reading);
    } else {
      ++reading;
    }
  }
}

class Access final : public DirectAccess {
 public:
  std::string type() const override { return "jk-bms"; }
  std::vector<int> bauds() const override { return {115200}; }
  std::string advice() const override {
    return "Is the board awake? Is it a newer one (PB)? Those speak another protocol.";
  }

  // The driver itself runs for a moment. A scan ends before it would wake a sleeping board: that is no mere reading.
  absl::StatusOr<DirectReport> Probe(const DirectTarget& target, Nanoseconds limit,
                                     const Cancelled& cancelled) const override {
    // The bus looks for an absent port for ever; here it must be there now.
    if (absl::Status status = CheckPort(target.port, target.baud); !status.ok()) return status;
    BusSet buses;
    const absl::StatusOr<ByteBus*> line = buses.Bytes("line", target.port, target.baud);
    if (!line.ok()) return line.status();
    JkBmsBattery battery({.cells = std::nullopt, .below_zero_one_lower = false, .port_label = target.port}, **line);
    if (absl::Status status = buses.Start(); !status.ok()) return status;
    battery.Start();
    const bool active =
        AwaitActive([&battery] { return battery.Latest().lifecycle == Lifecycle::kActive; }, limit, cancelled);
    DirectReport report;
    report.details = battery.Details();
    battery.Stop();
    buses.Stop();
    if (!active) return NoAnswer(*this, target, report.details.trouble);
    MoveLimits(report);
    return report;
  }

  std::string ConfigText(const DirectTarget& target) const override {
    v1::Config config;
    AddBus(target, config);
    config.mutable_bms()->mutable_jk_bms()->set_bus(config.bus(0).name());
    return FragmentText(config);
  }
};

}  // namespace

const DirectAccess& JkBmsAccess() {
  static const Access access;
  return access;
}

}  // namespace abcds
