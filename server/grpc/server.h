// The gRPC server: our services, reflection and health on one address.
#ifndef ABCDS_SERVER_GRPC_SERVER_H_
#define ABCDS_SERVER_GRPC_SERVER_H_

#include <grpcpp/server.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "hal/units/time.h"
#include "server/grpc/control_service.h"
#include "server/grpc/devices_service.h"
#include "server/grpc/state_service.h"
#include "server/grpc/watchers.h"
#include "server/plant/plant.h"

namespace abcds {

// Not protected: whoever can connect may steer. server/config lets only loopback addresses through.
class GrpcServer {
 public:
  // Of messages in both directions; ours are below 20 kB.
  static constexpr int kMessageBytesMax = 1 << 20;
  static constexpr size_t kMemoryBytes = 32 << 20;
  // For calls that wait for a control cycle; more calls at a time get RESOURCE_EXHAUSTED.
  static constexpr int kThreadsMax = 24;

  explicit GrpcServer(Plant& plant, DirectDevices direct = {});
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // Binds "address:port" (port 0: any) and serves. Health says NOT_SERVING until SetServing(true). AlreadyExists,
  // naming the address, when it cannot be bound; a port that another process listens on is never shared.
  [[nodiscard]] absl::Status Start(const std::string& listen);
  // What the standard health service says of "" and of each service. One thread.
  void SetServing(bool serving);
  // Ends streams with UNAVAILABLE and cancels what has not ended by itself within `limit`. Idempotent.
  void Stop(Nanoseconds limit);

  [[nodiscard]] int port() const { return port_; }

 private:
  Watchers watchers_;
  StateService state_service_;
  ControlService control_service_;
  DevicesService devices_service_;
  int port_ = 0;
  std::optional<bool> serving_;  // as last told; missing: not yet
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_GRPC_SERVER_H_
