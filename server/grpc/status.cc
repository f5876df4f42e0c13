#include "server/grpc/status.h"

#include <string>

namespace abcds {

grpc::Status ToGrpc(const absl::Status& status) {
  // Both sides number their codes as google.rpc.Code does.
  return grpc::Status(static_cast<grpc::StatusCode>(static_cast<int>(status.code())), std::string(status.message()));
}

}  // namespace abcds
