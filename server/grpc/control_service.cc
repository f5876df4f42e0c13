#include "server/grpc/control_service.h"

#include <optional>
#include <string>

#include "server/grpc/requests.h"
#include "server/grpc/state_proto.h"
#include "server/grpc/status.h"

namespace abcds {
namespace {

std::string Who(const grpc::ServerContext& context) { return "grpc " + context.peer(); }

grpc::Status Missing(const char* field) {
  return {grpc::StatusCode::INVALID_ARGUMENT, std::string(field) + " is missing"};
}

}  // namespace

grpc::Status ControlService::Answer(const absl::StatusOr<Plant::StatePtr>& state, v1::PlantState* proto) const {
  if (!state.ok()) return ToGrpc(state.status());
  FillState(plant_.facts(), **state, *proto);
  return grpc::Status::OK;
}

grpc::Status ControlService::SetChargerEnabled(grpc::ServerContext* context,
                                               const v1::SetChargerEnabledRequest* request,
                                               v1::SetChargerEnabledResponse* response) {
  if (!request->has_enabled()) return Missing("enabled");
  return Answer(plant_.SetChargerEnabled(request->enabled(), Who(*context)), response->mutable_state());
}

grpc::Status ControlService::SetDischargerEnabled(grpc::ServerContext* context,
                                                  const v1::SetDischargerEnabledRequest* request,
                                                  v1::SetDischargerEnabledResponse* response) {
  if (!request->has_enabled()) return Missing("enabled");
  return Answer(plant_.SetDischargerEnabled(request->enabled(), Who(*context)), response->mutable_state());
}

grpc::Status ControlService::SetTarget(grpc::ServerContext* context, const v1::SetTargetRequest* request,
                                       v1::SetTargetResponse* response) {
  if (!request->has_target_w()) return Missing("target_w");
  const absl::StatusOr<std::optional<Nanoseconds>> lease = LeaseOf(*request);
  if (!lease.ok()) return ToGrpc(lease.status());
  return Answer(plant_.SetTarget(Watts(request->target_w()), *lease, Who(*context)), response->mutable_state());
}

grpc::Status ControlService::SetMode(grpc::ServerContext* context, const v1::SetModeRequest* request,
                                     v1::SetModeResponse* response) {
  const absl::StatusOr<ModeRequest> mode = ModeRequestOf(*request);
  if (!mode.ok()) return ToGrpc(mode.status());
  return Answer(plant_.SetMode(*mode, Who(*context)), response->mutable_state());
}

grpc::Status ControlService::ClearFault(grpc::ServerContext* context, const v1::ClearFaultRequest* request,
                                        v1::ClearFaultResponse* response) {
  return Answer(plant_.ClearFault(request->id(), request->device(), Who(*context)), response->mutable_state());
}

}  // namespace abcds
