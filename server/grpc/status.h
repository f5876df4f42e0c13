// The single place where absl::Status becomes grpc::Status.
#ifndef ABCDS_SERVER_GRPC_STATUS_H_
#define ABCDS_SERVER_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace abcds {

[[nodiscard]] grpc::Status ToGrpc(const absl::Status& status);

}  // namespace abcds

#endif  // ABCDS_SERVER_GRPC_STATUS_H_
