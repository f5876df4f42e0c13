// abcds.v1.DevicesService: the devices of the plant, and others that are asked directly.
#ifndef ABCDS_SERVER_GRPC_DEVICES_SERVICE_H_
#define ABCDS_SERVER_GRPC_DEVICES_SERVICE_H_

#include <functional>
#include <string>

#include "abcds/v1/devices.grpc.pb.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/plant/plant.h"

namespace abcds {

// Whoever can ask devices that the plant does not run; handed in, as this room knows no drivers. All may block.
// Functions that are missing make the calls UNIMPLEMENTED.
struct DirectDevices {
  using Cancelled = std::function<bool()>;
  using Sink = std::function<bool(const v1::ScanDevicesResponse&)>;  // false: nobody listens any more

  std::function<v1::ListDeviceTypesResponse()> types;
  std::function<absl::Status(const v1::ScanDevicesRequest&, const Sink&, const Cancelled&)> scan;
  std::function<absl::StatusOr<v1::ProbeDeviceResponse>(const v1::ProbeDeviceRequest&, const Cancelled&)> probe;
  std::function<absl::StatusOr<v1::ReadDeviceResponse>(const v1::ReadDeviceRequest&, const Cancelled&)> read;
  std::function<absl::StatusOr<v1::WriteDeviceResponse>(const v1::WriteDeviceRequest&, const Cancelled&)> write;
  // Where a device of the configuration is, in words.
  std::function<std::string(const std::string& name)> connection;
};

class DevicesService final : public v1::DevicesService::Service {
 public:
  DevicesService(const Plant& plant, DirectDevices direct);

  grpc::Status ListDevices(grpc::ServerContext* context, const v1::ListDevicesRequest* request,
                           v1::ListDevicesResponse* response) override;
  grpc::Status ListDeviceTypes(grpc::ServerContext* context, const v1::ListDeviceTypesRequest* request,
                               v1::ListDeviceTypesResponse* response) override;
  grpc::Status ScanDevices(grpc::ServerContext* context, const v1::ScanDevicesRequest* request,
                           grpc::ServerWriter<v1::ScanDevicesResponse>* writer) override;
  grpc::Status ProbeDevice(grpc::ServerContext* context, const v1::ProbeDeviceRequest* request,
                           v1::ProbeDeviceResponse* response) override;
  grpc::Status ReadDevice(grpc::ServerContext* context, const v1::ReadDeviceRequest* request,
                          v1::ReadDeviceResponse* response) override;
  grpc::Status WriteDevice(grpc::ServerContext* context, const v1::WriteDeviceRequest* request,
                           v1::WriteDeviceResponse* response) override;

 private:
  const Plant& plant_;
  const DirectDevices direct_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_GRPC_DEVICES_SERVICE_H_
