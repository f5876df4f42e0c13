#include "clients/client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/format.h"
#include "google/protobuf/util/time_util.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace abcds {
namespace {

// A silent device is given up after less than this; so is one that must be told 0 W at the end.
constexpr std::chrono::seconds kDevicePatience(60);
constexpr std::chrono::seconds kUsualHold(10);

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  // A proxy from the environment is for the internet; the daemon is next door.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // `top` finds a restarted daemon within seconds, not minutes.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

Client::Client(std::string address, std::chrono::milliseconds deadline)
    : address_(std::move(address)),
      deadline_(deadline),
      channel_(Connect(address_)),
      state_(v1::StateService::NewStub(channel_)),
      control_(v1::ControlService::NewStub(channel_)),
      devices_(v1::DevicesService::NewStub(channel_)) {}

absl::Status Client::ToSentence(const grpc::Status& status, std::chrono::milliseconds waited) const {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return absl::OkStatus();
    case grpc::StatusCode::UNAVAILABLE:
      // Where the connection stands, these are the daemon's own words: it starts, or no control cycle runs.
      if (channel_->GetState(false) == GRPC_CHANNEL_READY && !status.error_message().empty()) {
        return absl::AbortedError(Printable(status.error_message()));
      }
      return absl::UnavailableError(absl::StrCat("no daemon answers at ", address_,
                                                 "; check that abcdsd runs and that this is its grpc_listen address "
                                                 "(--address HOST:PORT or ABCDS_ADDRESS)"));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return absl::DeadlineExceededError(absl::StrCat(
          "no answer from ", address_, " within ", NumberText(static_cast<double>(waited.count()) / 1e3, 1, "s"),
          "; check that abcdsd is what listens there and that it is not stopped (--timeout waits longer)"));
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::UnimplementedError(
          absl::StrCat("what answers at ", address_,
                       " does not know this call; it is another program or another version of abcdsd"));
    default: {
      const std::string sentence = Printable(status.error_message());
      return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                          sentence.empty() ? "refused without a reason" : sentence);
    }
  }
}

template <class Response, class Method, class Stub, class Request>
absl::StatusOr<Response> Client::Call(Method method, Stub& stub, const Request& request,
                                      std::chrono::milliseconds more) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + deadline_ + more);
  Response response;
  const absl::Status status = ToSentence((stub.*method)(&context, request, &response), deadline_ + more);
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<v1::GetStateResponse> Client::GetState() {
  return Call<v1::GetStateResponse>(&v1::StateService::Stub::GetState, *state_, v1::GetStateRequest());
}

absl::StatusOr<v1::ExplainResponse> Client::Explain() {
  return Call<v1::ExplainResponse>(&v1::StateService::Stub::Explain, *state_, v1::ExplainRequest());
}

absl::StatusOr<v1::SetChargerEnabledResponse> Client::SetChargerEnabled(bool enabled) {
  v1::SetChargerEnabledRequest request;
  request.set_enabled(enabled);
  return Call<v1::SetChargerEnabledResponse>(&v1::ControlService::Stub::SetChargerEnabled, *control_, request);
}

absl::StatusOr<v1::SetDischargerEnabledResponse> Client::SetDischargerEnabled(bool enabled) {
  v1::SetDischargerEnabledRequest request;
  request.set_enabled(enabled);
  return Call<v1::SetDischargerEnabledResponse>(&v1::ControlService::Stub::SetDischargerEnabled, *control_, request);
}

absl::StatusOr<v1::SetTargetResponse> Client::SetTarget(const v1::SetTargetRequest& request) {
  return Call<v1::SetTargetResponse>(&v1::ControlService::Stub::SetTarget, *control_, request);
}

absl::StatusOr<v1::SetModeResponse> Client::SetMode(const v1::SetModeRequest& request) {
  return Call<v1::SetModeResponse>(&v1::ControlService::Stub::SetMode, *control_, request);
}

absl::StatusOr<v1::ClearFaultResponse> Client::ClearFault(const v1::ClearFaultRequest& request) {
  return Call<v1::ClearFaultResponse>(&v1::ControlService::Stub::ClearFault, *control_, request);
}

absl::Status Client::WatchState(std::chrono::milliseconds interval,
                                const std::function<bool(const v1::PlantState&)>& on_state) {
  // A stream has no deadline, so a stopped daemon would let us wait for ever: it must answer the connection first.
  if (!channel_->WaitForConnected(std::chrono::system_clock::now() + deadline_)) {
    return ToSentence(grpc::Status(grpc::StatusCode::UNAVAILABLE, ""), deadline_);
  }
  v1::WatchStateRequest request;
  *request.mutable_min_interval() = google::protobuf::util::TimeUtil::MillisecondsToDuration(interval.count());
  grpc::ClientContext context;
  const auto stream = state_->WatchState(&context, request);
  v1::WatchStateResponse response;
  bool any = false;
  while (stream->Read(&response)) {
    any = true;
    if (!on_state(response.state())) {
      context.TryCancel();
      static_cast<void>(stream->Finish());  // "cancelled", by us
      return absl::OkStatus();
    }
  }
  const grpc::Status status = stream->Finish();
  if (status.ok() || (any && status.error_code() == grpc::StatusCode::UNAVAILABLE)) {
    return absl::UnavailableError(absl::StrCat("the daemon at ", address_, " has ended"));
  }
  return ToSentence(status, deadline_);
}

absl::StatusOr<v1::ListDevicesResponse> Client::ListDevices() {
  return Call<v1::ListDevicesResponse>(&v1::DevicesService::Stub::ListDevices, *devices_, v1::ListDevicesRequest());
}

absl::StatusOr<v1::ListDeviceTypesResponse> Client::ListDeviceTypes() {
  return Call<v1::ListDeviceTypesResponse>(&v1::DevicesService::Stub::ListDeviceTypes, *devices_,
                                           v1::ListDeviceTypesRequest());
}

absl::StatusOr<v1::ProbeDeviceResponse> Client::ProbeDevice(const v1::ProbeDeviceRequest& request) {
  return Call<v1::ProbeDeviceResponse>(&v1::DevicesService::Stub::ProbeDevice, *devices_, request, kDevicePatience);
}

absl::StatusOr<v1::ReadDeviceResponse> Client::ReadDevice(const v1::ReadDeviceRequest& request) {
  return Call<v1::ReadDeviceResponse>(&v1::DevicesService::Stub::ReadDevice, *devices_, request, kDevicePatience);
}

absl::StatusOr<v1::WriteDeviceResponse> Client::WriteDevice(const v1::WriteDeviceRequest& request) {
  using google::protobuf::util::TimeUtil;
  const std::chrono::milliseconds hold =
      request.has_hold() ? std::chrono::milliseconds(TimeUtil::DurationToMilliseconds(request.hold())) : kUsualHold;
  return Call<v1::WriteDeviceResponse>(&v1::DevicesService::Stub::WriteDevice, *devices_, request,
                                       kDevicePatience + hold);
}

absl::Status Client::ScanDevices(const v1::ScanDevicesRequest& request,
                                 const std::function<void(const v1::ScanDevicesResponse&)>& on_event) {
  grpc::ClientContext context;
  const auto stream = devices_->ScanDevices(&context, request);
  v1::ScanDevicesResponse response;
  while (stream->Read(&response)) on_event(response);
  return ToSentence(stream->Finish(), deadline_);
}

}  // namespace abcds
