// The calls of DevicesService: through the daemon, or where none answers by its binary.
#ifndef ABCDS_CLIENTS_DEVICE_CALLS_H_
#define ABCDS_CLIENTS_DEVICE_CALLS_H_

#include <functional>
#include <memory>
#include <string>

#include "abcds/v1/devices.pb.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/client.h"
#include "clients/invocation.h"

namespace abcds {

// Blocks in each call. Errors as Client's; without a daemon, the tool's sentence.
class DeviceCalls {
 public:
  // Finds out whether a daemon answers. Unavailable where none does and its binary is not there either;
  // DeadlineExceeded where one listens that does not answer: it may own the lines.
  [[nodiscard]] static absl::StatusOr<DeviceCalls> Begin(const Invocation& invocation);

  [[nodiscard]] bool has_daemon() const { return client_ != nullptr; }
  // Why there is none.
  [[nodiscard]] const absl::Status& no_daemon() const { return no_daemon_; }

  [[nodiscard]] absl::StatusOr<v1::ListDevicesResponse> List();  // needs a daemon
  [[nodiscard]] absl::StatusOr<v1::ListDeviceTypesResponse> Types();
  [[nodiscard]] absl::StatusOr<v1::ProbeDeviceResponse> Probe(const v1::ProbeDeviceRequest& request);
  [[nodiscard]] absl::StatusOr<v1::ReadDeviceResponse> Read(const v1::ReadDeviceRequest& request);
  [[nodiscard]] absl::StatusOr<v1::WriteDeviceResponse> Write(const v1::WriteDeviceRequest& request);
  [[nodiscard]] absl::Status Scan(const v1::ScanDevicesRequest& request,
                                  const std::function<void(const v1::ScanDevicesResponse&)>& on_event);

 private:
  // One line of the tool's answer.
  using OnLine = std::function<absl::Status(const std::string& json)>;
  absl::Status RunDirect(const char* call, const google::protobuf::Message& request, const OnLine& on_line);
  template <class Response>
  absl::StatusOr<Response> Direct(const char* call, const google::protobuf::Message& request);

  std::unique_ptr<Client> client_;
  absl::Status no_daemon_;
  std::string program_;  // the daemon's binary
};

}  // namespace abcds

#endif  // ABCDS_CLIENTS_DEVICE_CALLS_H_
