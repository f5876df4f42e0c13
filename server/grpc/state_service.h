// abcds.v1.StateService: reads the plant.
#ifndef ABCDS_SERVER_GRPC_STATE_SERVICE_H_
#define ABCDS_SERVER_GRPC_STATE_SERVICE_H_

#include "abcds/v1/state.grpc.pb.h"
#include "server/grpc/watchers.h"
#include "server/plant/plant.h"

namespace abcds {

// WatchState is asynchronous, so that an idle stream costs no thread; the others are not, as they return at once.
class StateService final : public v1::StateService::WithCallbackMethod_WatchState<v1::StateService::Service> {
 public:
  StateService(const Plant& plant, Watchers& watchers) : plant_(plant), watchers_(watchers) {}

  grpc::Status GetState(grpc::ServerContext*, const v1::GetStateRequest*, v1::GetStateResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchStateResponse>* WatchState(grpc::CallbackServerContext*,
                                                               const v1::WatchStateRequest* request) override;
  grpc::Status Explain(grpc::ServerContext*, const v1::ExplainRequest*, v1::ExplainResponse* response) override;

 private:
  const Plant& plant_;
  Watchers& watchers_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_GRPC_STATE_SERVICE_H_
