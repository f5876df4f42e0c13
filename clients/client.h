// The daemon as seen from here: every call has a deadline, every error is one sentence that says what to do.
#ifndef ABCDS_CLIENTS_CLIENT_H_
#define ABCDS_CLIENTS_CLIENT_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "abcds/v1/control.grpc.pb.h"
#include "abcds/v1/devices.grpc.pb.h"
#include "abcds/v1/state.grpc.pb.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace abcds {

// Blocks in each call, at most for the deadline. One thread at a time. UNAVAILABLE and DEADLINE_EXCEEDED mean that no
// daemon answers; all other errors are the daemon's own refusals, in its words.
class Client {
 public:
  // `address` is "host:port"; nothing is connected before the first call.
  Client(std::string address, std::chrono::milliseconds deadline);

  [[nodiscard]] absl::StatusOr<v1::GetStateResponse> GetState();
  [[nodiscard]] absl::StatusOr<v1::ExplainResponse> Explain();
  [[nodiscard]] absl::StatusOr<v1::SetChargerEnabledResponse> SetChargerEnabled(bool enabled);
  [[nodiscard]] absl::StatusOr<v1::SetDischargerEnabledResponse> SetDischargerEnabled(bool enabled);
  [[nodiscard]] absl::StatusOr<v1::SetTargetResponse> SetTarget(const v1::SetTargetRequest& request);
  [[nodiscard]] absl::StatusOr<v1::SetModeResponse> SetMode(const v1::SetModeRequest& request);
  [[nodiscard]] absl::StatusOr<v1::ClearFaultResponse> ClearFault(const v1::ClearFaultRequest& request);

  [[nodiscard]] absl::StatusOr<v1::ListDevicesResponse> ListDevices();
  [[nodiscard]] absl::StatusOr<v1::ListDeviceTypesResponse> ListDeviceTypes();
  // These wait for a device: longer than the deadline, by what the device may take.
  [[nodiscard]] absl::StatusOr<v1::ProbeDeviceResponse> ProbeDevice(const v1::ProbeDeviceRequest& request);
  [[nodiscard]] absl::StatusOr<v1::ReadDeviceResponse> ReadDevice(const v1::ReadDeviceRequest& request);
  [[nodiscard]] absl::StatusOr<v1::WriteDeviceResponse> WriteDevice(const v1::WriteDeviceRequest& request);
  // Until the scan ends, however long that takes: make sure first that the daemon answers.
  [[nodiscard]] absl::Status ScanDevices(const v1::ScanDevicesRequest& request,
                                         const std::function<void(const v1::ScanDevicesResponse&)>& on_event);

  // Calls `on_state` for the state now and for each change, at most one per `interval`, until it returns false (OK) or
  // the stream ends (never OK).
  [[nodiscard]] absl::Status WatchState(std::chrono::milliseconds interval,
                                        const std::function<bool(const v1::PlantState&)>& on_state);

 private:
  template <class Response, class Method, class Stub, class Request>
  absl::StatusOr<Response> Call(Method method, Stub& stub, const Request& request,
                                std::chrono::milliseconds more = std::chrono::milliseconds(0));
  absl::Status ToSentence(const grpc::Status& status, std::chrono::milliseconds waited) const;

  const std::string address_;
  const std::chrono::milliseconds deadline_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::StateService::Stub> state_;
  std::unique_ptr<v1::ControlService::Stub> control_;
  std::unique_ptr<v1::DevicesService::Stub> devices_;
};

}  // namespace abcds

#endif  // ABCDS_CLIENTS_CLIENT_H_
