// The single place where the plant's state becomes protobuf.
#ifndef ABCDS_SERVER_GRPC_STATE_PROTO_H_
#define ABCDS_SERVER_GRPC_STATE_PROTO_H_

#include "abcds/v1/state.pb.h"
#include "server/plant/facts.h"
#include "server/plant/plant_state.h"

namespace abcds {

// `proto` must be empty.
void FillState(const SiteFacts& facts, const PlantState& state, v1::PlantState& proto);

void FillExplanation(const SiteFacts& facts, const PlantState& state, v1::ExplainResponse& proto);

}  // namespace abcds

#endif  // ABCDS_SERVER_GRPC_STATE_PROTO_H_
