#include "server/grpc/state_service.h"

#include "server/grpc/requests.h"
#include "server/grpc/state_proto.h"
#include "server/grpc/status.h"

namespace abcds {
namespace {

grpc::Status Starting() {
  return {grpc::StatusCode::UNAVAILABLE, "abcdsd is starting: no control cycle has run yet; try again in a second"};
}

}  // namespace

grpc::Status StateService::GetState(grpc::ServerContext*, const v1::GetStateRequest*, v1::GetStateResponse* response) {
  const Plant::StatePtr state = plant_.Latest();
  if (state == nullptr) return Starting();
  FillState(plant_.facts(), *state, *response->mutable_state());
  return grpc::Status::OK;
}

grpc::ServerWriteReactor<v1::WatchStateResponse>* StateService::WatchState(grpc::CallbackServerContext*,
                                                                           const v1::WatchStateRequest* request) {
  const absl::StatusOr<Nanoseconds> interval = IntervalOf(*request);
  return interval.ok() ? watchers_.Watch(*interval) : Watchers::Refuse(ToGrpc(interval.status()));
}

grpc::Status StateService::Explain(grpc::ServerContext*, const v1::ExplainRequest*, v1::ExplainResponse* response) {
  const Plant::StatePtr state = plant_.Latest();
  if (state == nullptr) return Starting();
  FillExplanation(plant_.facts(), *state, *response);
  return grpc::Status::OK;
}

}  // namespace abcds
