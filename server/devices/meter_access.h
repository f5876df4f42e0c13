// Meters on the network, asked directly: the driver itself runs for a moment.
#ifndef ABCDS_SERVER_DEVICES_METER_ACCESS_H_
#define ABCDS_SERVER_DEVICES_METER_ACCESS_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "server/devices/device_type.h"
#include "server/devices/direct_access.h"

namespace abcds {

class MeterAccess : public DirectAccess {
 public:
  [[nodiscard]] Reach reach() const override { return Reach::kNetwork; }
  // The usual meters send two messages within this time.
  [[nodiscard]] Nanoseconds probe_limit() const override { return std::chrono::seconds(20); }
  [[nodiscard]] absl::StatusOr<DirectReport> Probe(const DirectTarget& target, Nanoseconds limit,
                                                   const Cancelled& cancelled) const override;
  [[nodiscard]] std::string ConfigText(const DirectTarget& target) const override;

 protected:
  // The type whose driver runs.
  [[nodiscard]] virtual const DeviceType& device_type() const = 0;
  // The configuration of such a meter.
  [[nodiscard]] virtual absl::StatusOr<v1::Meter> MeterOf(const DirectTarget& target) const = 0;
};

// Asks `active` until it is true; false when `limit` has passed or it was cancelled.
[[nodiscard]] bool AwaitActive(const std::function<bool()>& active, Nanoseconds limit, const Cancelled& cancelled);

// Unavailable with the device's own words, where it has any, and the advice.
[[nodiscard]] absl::Status NoAnswer(const DirectAccess& access, const DirectTarget& target, const std::string& trouble);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_METER_ACCESS_H_
