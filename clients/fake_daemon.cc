#include "clients/fake_daemon.h"

#include "absl/strings/str_cat.h"
#include "clients/example_state.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace abcds {

FakeDaemon::FakeDaemon() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(static_cast<v1::StateService::Service*>(this));
  builder.RegisterService(static_cast<v1::ControlService::Service*>(this));
  server_ = builder.BuildAndStart();
}

FakeDaemon::~FakeDaemon() { server_->Shutdown(); }

std::string FakeDaemon::address() const { return absl::StrCat("127.0.0.1:", port_); }

void FakeDaemon::RefuseWith(grpc::Status status) {
  const std::lock_guard lock(mutex_);
  refusal_ = std::move(status);
}

std::vector<std::string> FakeDaemon::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

template <class Response>
grpc::Status FakeDaemon::Answer(const char* method, const google::protobuf::Message& request, Response* response) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(absl::StrCat(method, " ", request.ShortDebugString()));
  if (refusal_.ok()) *response->mutable_state() = ExampleState();
  return refusal_;
}

grpc::Status FakeDaemon::GetState(grpc::ServerContext*, const v1::GetStateRequest* request,
                                  v1::GetStateResponse* response) {
  return Answer("GetState", *request, response);
}

grpc::Status FakeDaemon::WatchState(grpc::ServerContext*, const v1::WatchStateRequest* request,
                                    grpc::ServerWriter<v1::WatchStateResponse>* writer) {
  v1::WatchStateResponse response;
  const grpc::Status status = Answer("WatchState", *request, &response);
  for (int i = 0; i < 3 && status.ok(); ++i) writer->Write(response);
  return status.ok() ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the daemon stops") : status;
}

grpc::Status FakeDaemon::Explain(grpc::ServerContext*, const v1::ExplainRequest*, v1::ExplainResponse* response) {
  response->set_summary("Discharging 390 W: follows the load.");
  *response->mutable_decision() = ExampleState().decision();
  return grpc::Status::OK;
}

grpc::Status FakeDaemon::SetChargerEnabled(grpc::ServerContext*, const v1::SetChargerEnabledRequest* request,
                                           v1::SetChargerEnabledResponse* response) {
  return Answer("SetChargerEnabled", *request, response);
}

grpc::Status FakeDaemon::SetDischargerEnabled(grpc::ServerContext*, const v1::SetDischargerEnabledRequest* request,
                                              v1::SetDischargerEnabledResponse* response) {
  return Answer("SetDischargerEnabled", *request, response);
}

grpc::Status FakeDaemon::SetTarget(grpc::ServerContext*, const v1::SetTargetRequest* request,
                                   v1::SetTargetResponse* response) {
  return Answer("SetTarget", *request, response);
}

grpc::Status FakeDaemon::SetMode(grpc::ServerContext*, const v1::SetModeRequest* request,
                                 v1::SetModeResponse* response) {
  return Answer("SetMode", *request, response);
}

grpc::Status FakeDaemon::ClearFault(grpc::ServerContext*, const v1::ClearFaultRequest* request,
                                    v1::ClearFaultResponse* response) {
  return Answer("ClearFault", *request, response);
}

}  // namespace abcds
