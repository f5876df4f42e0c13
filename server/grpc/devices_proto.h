// The plant's devices as DevicesService shows them.
#ifndef ABCDS_SERVER_GRPC_DEVICES_PROTO_H_
#define ABCDS_SERVER_GRPC_DEVICES_PROTO_H_

#include <functional>
#include <string>

#include "abcds/v1/devices.pb.h"
#include "absl/status/statusor.h"
#include "server/plant/facts.h"
#include "server/plant/plant_state.h"

namespace abcds {

using ConnectionOf = std::function<std::string(const std::string& name)>;

// Meter, battery, converters, in this order. `proto` must be empty.
void FillDevices(const SiteFacts& facts, const PlantState& state, const ConnectionOf& connection,
                 v1::ListDevicesResponse& proto);

// What the daemon knows of one of them. NotFound; Unavailable with its trouble while it has never answered.
[[nodiscard]] absl::StatusOr<v1::DeviceReport> ReportOf(const SiteFacts& facts, const PlantState& state,
                                                        const ConnectionOf& connection, const std::string& name);

}  // namespace abcds

#endif  // ABCDS_SERVER_GRPC_DEVICES_PROTO_H_
