#include "server/grpc/devices_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/grpc/devices_proto.h"
#include "server/grpc/status.h"

namespace abcds {
namespace {

grpc::Status Starting() {
  return {grpc::StatusCode::UNAVAILABLE, "abcdsd is starting: no control cycle has run yet; try again in a second"};
}

grpc::Status NotHere() { return {grpc::StatusCode::UNIMPLEMENTED, "this daemon cannot ask devices directly"}; }

template <class Response>
grpc::Status Answer(absl::StatusOr<Response> result, Response* response) {
  if (!result.ok()) return ToGrpc(result.status());
  *response = *std::move(result);
  return grpc::Status::OK;
}

// The client has gone, or does not want it any more.
DirectDevices::Cancelled CancelledBy(const grpc::ServerContext& context) {
  return [&context] { return context.IsCancelled(); };
}

}  // namespace

DevicesService::DevicesService(const Plant& plant, DirectDevices direct)
    : plant_(plant), direct_(std::move(direct)) {}

grpc::Status DevicesService::ListDevices(grpc::ServerContext*, const v1::ListDevicesRequest*,
                                         v1::ListDevicesResponse* response) {
  const Plant::StatePtr state = plant_.Latest();
  if (state == nullptr) return Starting();
  if (!direct_.connection) return NotHere();
  FillDevices(plant_.facts(), *state, direct_.connection, *response);
  return grpc::Status::OK;
}

grpc::Status DevicesService::ListDeviceTypes(grpc::ServerContext*, const v1::ListDeviceTypesRequest*,
                                             v1::ListDeviceTypesResponse* response) {
  if (!direct_.types) return NotHere();
  *response = direct_.types();
  return grpc::Status::OK;
}

grpc::Status DevicesService::ScanDevices(grpc::ServerContext* context, const v1::ScanDevicesRequest* request,
                                         grpc::ServerWriter<v1::ScanDevicesResponse>* writer) {
  if (!direct_.scan) return NotHere();
  return ToGrpc(direct_.scan(
      *request, [writer](const v1::ScanDevicesResponse& event) { return writer->Write(event); }, CancelledBy(*context)));
}

grpc::Status DevicesService::ProbeDevice(grpc::ServerContext* context, const v1::ProbeDeviceRequest* request,
                                         v1::ProbeDeviceResponse* response) {
  if (!direct_.probe) return NotHere();
  if (request->target().name().empty()) return Answer(direct_.probe(*request, CancelledBy(*context)), response);
  const Plant::StatePtr state = plant_.Latest();
  if (state == nullptr) return Starting();
  return Answer(ReportOf(plant_.facts(), *state, direct_.connection, request->target().name()),
                response->mutable_report());
}

grpc::Status DevicesService::ReadDevice(grpc::ServerContext* context, const v1::ReadDeviceRequest* request,
                                        v1::ReadDeviceResponse* response) {
  if (!direct_.read) return NotHere();
  const std::string& name = request->target().name();
  if (name.empty()) return Answer(direct_.read(*request, CancelledBy(*context)), response);
  const Plant::StatePtr state = plant_.Latest();
  if (state == nullptr) return Starting();
  absl::StatusOr<v1::DeviceReport> report = ReportOf(plant_.facts(), *state, direct_.connection, name);
  if (report.ok() && request->has_registers()) {
    return {grpc::StatusCode::FAILED_PRECONDITION,
            absl::StrCat("abcdsd talks to ", name, " itself, and raw registers would come in between: stop the daemon, then "
                         "ask the device by its type and port")};
  }
  return Answer(std::move(report), response->mutable_report());
}

grpc::Status DevicesService::WriteDevice(grpc::ServerContext* context, const v1::WriteDeviceRequest* request,
                                         v1::WriteDeviceResponse* response) {
  if (!direct_.write) return NotHere();
  const std::string& name = request->target().name();
  if (name.empty()) return Answer(direct_.write(*request, CancelledBy(*context)), response);
  if (direct_.connection(name).empty()) {
    return {grpc::StatusCode::NOT_FOUND, absl::StrCat("no device of the configuration is called \"", name, "\"")};
  }
  return {grpc::StatusCode::FAILED_PRECONDITION,
          absl::StrCat("abcdsd controls ", name,
                       " and would overwrite it at once. For a power by hand: `abcdsctl mode forced --power …`. To write to "
                       "the device itself stop the daemon, then name its type and port: `abcdsctl device write TYPE … "
                       "--port …`")};
}

}  // namespace abcds
