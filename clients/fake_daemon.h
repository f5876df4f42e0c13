// A daemon without a plant, for tests: answers on a free loopback port and remembers what it was asked.
#ifndef ABCDS_CLIENTS_FAKE_DAEMON_H_
#define ABCDS_CLIENTS_FAKE_DAEMON_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "abcds/v1/control.grpc.pb.h"
#include "abcds/v1/devices.grpc.pb.h"
#include "abcds/v1/state.grpc.pb.h"

namespace abcds {

class FakeDaemon final : private v1::StateService::Service,
                         private v1::ControlService::Service,
                         private v1::DevicesService::Service {
 public:
  FakeDaemon();
  ~FakeDaemon() override;

  [[nodiscard]] std::string address() const;

  // The next calls are answered by this instead of OK.
  void RefuseWith(grpc::Status status);
  // One more in the list of devices.
  void AddDevice(const v1::ListedDevice& device);
  // From now on this fault of the plant is latched, whatever is done about it.
  void Latch(const std::string& fault);
  // Requests so far, as "SetTarget target_w: 200".
  [[nodiscard]] std::vector<std::string> requests() const;

 private:
  grpc::Status GetState(grpc::ServerContext*, const v1::GetStateRequest*, v1::GetStateResponse*) override;
  grpc::Status WatchState(grpc::ServerContext*, const v1::WatchStateRequest*,
                          grpc::ServerWriter<v1::WatchStateResponse>*) override;
  grpc::Status Explain(grpc::ServerContext*, const v1::ExplainRequest*, v1::ExplainResponse*) override;
  grpc::Status SetChargerEnabled(grpc::ServerContext*, const v1::SetChargerEnabledRequest*,
                                 v1::SetChargerEnabledResponse*) override;
  grpc::Status SetDischargerEnabled(grpc::ServerContext*, const v1::SetDischargerEnabledRequest*,
                                    v1::SetDischargerEnabledResponse*) override;
  grpc::Status SetTarget(grpc::ServerContext*, const v1::SetTargetRequest*, v1::SetTargetResponse*) override;
  grpc::Status SetMode(grpc::ServerContext*, const v1::SetModeRequest*, v1::SetModeResponse*) override;
  grpc::Status ClearFault(grpc::ServerContext*, const v1::ClearFaultRequest*, v1::ClearFaultResponse*) override;

  grpc::Status ListDevices(grpc::ServerContext*, const v1::ListDevicesRequest*, v1::ListDevicesResponse*) override;
  grpc::Status ListDeviceTypes(grpc::ServerContext*, const v1::ListDeviceTypesRequest*,
                               v1::ListDeviceTypesResponse*) override;
  grpc::Status ScanDevices(grpc::ServerContext*, const v1::ScanDevicesRequest*,
                           grpc::ServerWriter<v1::ScanDevicesResponse>*) override;
  grpc::Status ProbeDevice(grpc::ServerContext*, const v1::ProbeDeviceRequest*, v1::ProbeDeviceResponse*) override;
  grpc::Status ReadDevice(grpc::ServerContext*, const v1::ReadDeviceRequest*, v1::ReadDeviceResponse*) override;
  grpc::Status WriteDevice(grpc::ServerContext*, const v1::WriteDeviceRequest*, v1::WriteDeviceResponse*) override;

  grpc::Status Note(const char* method, const google::protobuf::Message& request);
  template <class Response>
  grpc::Status Answer(const char* method, const google::protobuf::Message& request, Response* response);

  mutable std::mutex mutex_;
  grpc::Status refusal_;
  std::vector<std::string> requests_;
  std::vector<v1::ListedDevice> more_devices_;
  std::vector<std::string> latched_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace abcds

#endif  // ABCDS_CLIENTS_FAKE_DAEMON_H_
