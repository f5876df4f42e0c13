#include "server/grpc/server.h"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"

namespace abcds {

GrpcServer::GrpcServer(Plant& plant, DirectDevices direct)
    : watchers_(plant),
      state_service_(plant, watchers_),
      control_service_(plant),
      devices_service_(plant, std::move(direct)) {}

GrpcServer::~GrpcServer() { Stop(Nanoseconds(0)); }

absl::Status GrpcServer::Start(const std::string& listen) {
  // Its own messages say in its words what our statuses say in ours.
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
  // Explicitly: with --as-needed the linker drops libraries that only register themselves.
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::EnableDefaultHealthCheckService(true);

  grpc::ResourceQuota quota("abcdsd");
  quota.Resize(kMemoryBytes);
  quota.SetMaxThreads(kThreadsMax);

  grpc::ServerBuilder builder;
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port_);
  // The default would let a second daemon share the port and take half of the clients.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  builder.SetMaxSendMessageSize(kMessageBytesMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 100);
  // A client whose machine has gone without a word is found within 40 s.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  // One poller is plenty, and each costs a stack.
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 2);
  builder.RegisterService(&state_service_);
  builder.RegisterService(&control_service_);
  builder.RegisterService(&devices_service_);

  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    server_.reset();
    return absl::AlreadyExistsError(absl::StrCat("gRPC cannot listen on ", listen,
                                                 ": another program may be using the port; stop it, or set "
                                                 "services.grpc_listen to another one"));
  }
  SetServing(false);
  return absl::OkStatus();
}

void GrpcServer::SetServing(bool serving) {
  // Each call would wake those who watch the health.
  if (server_ == nullptr || serving_ == serving) return;
  serving_ = serving;
  grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
  health->SetServingStatus("", serving);
  health->SetServingStatus(v1::StateService::service_full_name(), serving);
  health->SetServingStatus(v1::ControlService::service_full_name(), serving);
  health->SetServingStatus(v1::DevicesService::service_full_name(), serving);
}

void GrpcServer::Stop(Nanoseconds limit) {
  if (server_ != nullptr) server_->GetHealthCheckService()->Shutdown();
  watchers_.Stop();
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::duration_cast<std::chrono::microseconds>(limit));
  server_.reset();
}

}  // namespace abcds
