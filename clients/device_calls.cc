#include "clients/device_calls.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/format.h"
#include "clients/json.h"
#include "clients/tool.h"
#include "google/protobuf/util/json_util.h"

namespace abcds {
namespace {

template <class Message>
absl::Status Parse(const std::string& json, Message& message) {
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &message);
  if (parsed.ok()) return absl::OkStatus();
  return absl::InternalError("abcdsd's answer makes no sense; is it of another version? (--abcdsd PATH names another one)");
}

}  // namespace

absl::StatusOr<DeviceCalls> DeviceCalls::Begin(const Invocation& invocation) {
  DeviceCalls calls;
  calls.client_ = invocation.Connect();
  const absl::Status answer = calls.client_->ListDeviceTypes().status();
  if (answer.ok()) return calls;
  if (!absl::IsUnavailable(answer)) return answer;
  calls.client_.reset();
  calls.no_daemon_ = answer;
  const char* const path = std::getenv("PATH");
  absl::StatusOr<std::string> program = FindAbcdsd(invocation.abcdsd, OwnFolder(), path == nullptr ? "" : path);
  if (!program.ok()) {
    return absl::UnavailableError(absl::StrCat(std::string(answer.message()), "; without one, ",
                                               std::string(program.status().message())));
  }
  calls.program_ = *std::move(program);
  return calls;
}

absl::Status DeviceCalls::RunDirect(const char* call, const google::protobuf::Message& request, const OnLine& on_line) {
  std::string json = ToJson(request, false);
  const std::vector<std::string> arguments = {"--tool", "device", call, json};
  absl::Status parsed;
  const absl::StatusOr<ToolOutput> output = FollowTool(program_, arguments, [&](const std::string& line) {
    if (parsed.ok()) parsed = on_line(line);
  });
  if (!output.ok()) return output.status();
  if (output->exit_code == 0) return parsed;
  std::string sentence = Printable(output->err.substr(0, output->err.find('\n')));
  return absl::AbortedError(sentence.empty() ? absl::StrCat(program_, " has failed without a word") : sentence);
}

template <class Response>
absl::StatusOr<Response> DeviceCalls::Direct(const char* call, const google::protobuf::Message& request) {
  Response response;
  const absl::Status status =
      RunDirect(call, request, [&response](const std::string& json) { return Parse(json, response); });
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<v1::ListDevicesResponse> DeviceCalls::List() {
  if (client_ == nullptr) return no_daemon_;
  return client_->ListDevices();
}

absl::StatusOr<v1::ListDeviceTypesResponse> DeviceCalls::Types() {
  if (client_ != nullptr) return client_->ListDeviceTypes();
  return Direct<v1::ListDeviceTypesResponse>("ListDeviceTypes", v1::ListDeviceTypesRequest());
}

absl::StatusOr<v1::ProbeDeviceResponse> DeviceCalls::Probe(const v1::ProbeDeviceRequest& request) {
  return client_ != nullptr ? client_->ProbeDevice(request) : Direct<v1::ProbeDeviceResponse>("ProbeDevice", request);
}

absl::StatusOr<v1::ReadDeviceResponse> DeviceCalls::Read(const v1::ReadDeviceRequest& request) {
  return client_ != nullptr ? client_->ReadDevice(request) : Direct<v1::ReadDeviceResponse>("ReadDevice", request);
}

absl::StatusOr<v1::WriteDeviceResponse> DeviceCalls::Write(const v1::WriteDeviceRequest& request) {
  return client_ != nullptr ? client_->WriteDevice(request) : Direct<v1::WriteDeviceResponse>("WriteDevice", request);
}

absl::Status DeviceCalls::Scan(const v1::ScanDevicesRequest& request,
                               const std::function<void(const v1::ScanDevicesResponse&)>& on_event) {
  if (client_ != nullptr) return client_->ScanDevices(request, on_event);
  return RunDirect("ScanDevices", request, [&on_event](const std::string& json) {
    v1::ScanDevicesResponse event;
    const absl::Status parsed = Parse(json, event);
    if (parsed.ok()) on_event(event);
    return parsed;
  });
}

}  // namespace abcds
