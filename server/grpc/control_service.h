// abcds.v1.ControlService: hands an operator's wishes to the plant.
#ifndef ABCDS_SERVER_GRPC_CONTROL_SERVICE_H_
#define ABCDS_SERVER_GRPC_CONTROL_SERVICE_H_

#include "abcds/v1/control.grpc.pb.h"
#include "server/plant/plant.h"

namespace abcds {

class ControlService final : public v1::ControlService::Service {
 public:
  explicit ControlService(Plant& plant) : plant_(plant) {}

  grpc::Status SetChargerEnabled(grpc::ServerContext* context, const v1::SetChargerEnabledRequest* request,
                                 v1::SetChargerEnabledResponse* response) override;
  grpc::Status SetDischargerEnabled(grpc::ServerContext* context, const v1::SetDischargerEnabledRequest* request,
                                    v1::SetDischargerEnabledResponse* response) override;
  grpc::Status SetTarget(grpc::ServerContext* context, const v1::SetTargetRequest* request,
                         v1::SetTargetResponse* response) override;
  grpc::Status SetMode(grpc::ServerContext* context, const v1::SetModeRequest* request,
                       v1::SetModeResponse* response) override;
  grpc::Status ClearFault(grpc::ServerContext* context, const v1::ClearFaultRequest* request,
                          v1::ClearFaultResponse* response) override;

 private:
  // Packs what every change answers with.
  grpc::Status Answer(const absl::StatusOr<Plant::StatePtr>& state, v1::PlantState* proto) const;

  Plant& plant_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_GRPC_CONTROL_SERVICE_H_
